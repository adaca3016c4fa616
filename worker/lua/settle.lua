-- Publish answers and give up their claims, in one step, for claims that are still held.
-- KEYS: claims, leases, deliveries, results, dead
-- ARGV: length of what kombu puts behind a message, then five a claim: tag, 1 for a result or 0 for
--       a dead letter, entry id, name of the field, its value
-- Returns 1 for each claim that was held and is settled now, else 0.
local counted = redis.call('HLEN', KEYS[3]) > 0
local answer = {}
for i = 2, #ARGV, 5 do
  local tag = ARGV[i]
  if counted then
    local claim = redis.call('HGET', KEYS[1], tag)
    if claim then
      redis.call('HDEL', KEYS[3], redis.sha1hex(claim:sub(2, -1 - tonumber(ARGV[1]))))
    end
  end
  local held = redis.call('HDEL', KEYS[1], tag)
  if held == 1 then
    redis.call('ZREM', KEYS[2], tag)
    local stream = ARGV[i + 1] == '1' and KEYS[4] or KEYS[5]
    redis.call('XADD', stream, '*', 'entry_id', ARGV[i + 2], ARGV[i + 3], ARGV[i + 4])
  end
  answer[#answer + 1] = held
end
return answer
