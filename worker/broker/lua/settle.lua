-- Publish answers and give up their claims, in one step, for claims that are still held.
-- KEYS: claims, leases, deliveries, results, dead
-- ARGV: five a claim: tag, 1 for a result or 0 for a dead letter, entry id, name of the field, its
--       value
-- Returns 1 for each claim that was held and is settled now, else 0.
-- A first write that changes nothing: after it Redis lets a script finish even out of memory.
-- Publishing comes before giving up: should it be refused (ACL), the claim is still there.
redis.call('HDEL', KEYS[1], '')
local counted = redis.call('HLEN', KEYS[3]) > 0
local answer = {}
for i = 1, #ARGV, 5 do
  local tag = ARGV[i]
  local held = redis.call('HEXISTS', KEYS[1], tag)
  if held == 1 then
    local stream = ARGV[i + 1] == '1' and KEYS[4] or KEYS[5]
    redis.call('XADD', stream, '*', 'entry_id', ARGV[i + 2], ARGV[i + 3], ARGV[i + 4])
    if counted then
      redis.call('HDEL', KEYS[3], redis.sha1hex(redis.call('HGET', KEYS[1], tag)))
    end
    redis.call('HDEL', KEYS[1], tag)
    redis.call('ZREM', KEYS[2], tag)
  end
  answer[#answer + 1] = held
end
return answer
