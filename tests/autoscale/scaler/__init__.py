"""What KEDA and the HorizontalPodAutoscaler do with the ScaledObject that the product ships."""
