-- Renew the delivery of results that a reader has fetched and not handled yet, so that they do not
-- become idle and are not taken over.
-- KEYS: the stream.  ARGV: group, consumer, then for each result its stream id and how often it was
-- delivered as far as this reader knows (0: unknown).
-- Returns for each how often it was delivered, or 0 if another reader has taken it over. Readers may
-- share a name, but a take-over counts as one more delivery.
local stream, group, consumer = KEYS[1], ARGV[1], ARGV[2]
local answer = {}
for i = 3, #ARGV, 2 do
  local id, known = ARGV[i], tonumber(ARGV[i + 1])
  local found = redis.call('XPENDING', stream, group, id, id, 1)[1]
  local held = 0
  if found and found[2] == consumer and (known == 0 or known == found[4]) then
    held = found[4]
    redis.call('XCLAIM', stream, group, consumer, 0, id, 'JUSTID')
  end
  answer[#answer + 1] = held
end
return answer
