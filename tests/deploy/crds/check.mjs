// Reads a JSON list of manifests on stdin; writes what the schemas of KEDA and of the Prometheus
// operator say against them, a line each. Other kinds are passed over.
import { text } from "node:stream/consumers";
import * as keda from "@kubernetes-models/keda/keda.sh/v1alpha1";
import * as operator from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";

const kinds = { "keda.sh/v1alpha1": keda, "monitoring.coreos.com/v1": operator };
let checked = 0;
for (const manifest of JSON.parse(await text(process.stdin))) {
  const Kind = kinds[manifest.apiVersion]?.[manifest.kind];
  if (Kind === undefined) continue;
  checked += 1;
  try {
    new Kind(manifest).validate();
  } catch (error) {
    console.log(`${manifest.kind} ${manifest.metadata.name}: ${error.message}`);
  }
}
console.log(`${checked} checked`);
