-- Publish answers and give up their claims, in one step, for claims that are still held.
-- KEYS: claims, leases, deliveries, results, dead, parked (list of messages whose key was missing)
-- ARGV: what precedes an entry id in the key that remembers its submit; then five a claim: tag, what
--       the answer is, entry id, name of the field, its value.
-- An answer is 'result', or 'dead' (a dead letter), or 'freed' (one whose entry may be submitted again
-- at once), or 'parked': its value is the key id, and the message waits for a worker with that key.
-- Returns 1 for each claim that was held and is settled now, else 0.
-- A first write that changes nothing: after it Redis lets a script finish even out of memory.
-- Publishing comes before giving up: should it be refused (ACL), the claim is still there.
redis.call('HDEL', KEYS[1], '')
local counted = redis.call('HLEN', KEYS[3]) > 0
local answer = {}
for i = 2, #ARGV, 5 do
  local tag, kind, entry, value = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 4]
  local message = redis.call('HGET', KEYS[1], tag)
  if message then
    if kind == 'parked' then
      redis.call('LPUSH', KEYS[6], value .. ' ' .. message)
    elseif kind == 'result' then
      redis.call('XADD', KEYS[4], '*', 'entry_id', entry, ARGV[i + 3], value)
    elseif kind == 'freed' then
      redis.call('XADD', KEYS[5], '*', 'entry_id', entry, ARGV[i + 3], value, 'freed', '1')
      redis.call('DEL', ARGV[1] .. entry)
    else
      redis.call('XADD', KEYS[5], '*', 'entry_id', entry, ARGV[i + 3], value)
    end
    if counted and kind ~= 'parked' then
      redis.call('HDEL', KEYS[3], redis.sha1hex(message))
    end
    redis.call('HDEL', KEYS[1], tag)
    redis.call('ZREM', KEYS[2], tag)
  end
  answer[#answer + 1] = message and 1 or 0
end
return answer
