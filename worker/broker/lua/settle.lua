-- Publish answers and give up their claims, in one step, for claims that are still held.
-- KEYS: claims, leases, deliveries, results, dead
-- ARGV: prefix of the "seen" keys, prefix of the "reply" keys, seconds a reply is kept, then six a
--       claim: tag, 1 for a result or 0 for a dead letter, entry id, name of the field, its value, why
--       the entry is dead
-- Returns 1 for each claim that was held and is settled now, else 0: also for a cancelled entry, whose
-- claim is given up with nothing published.
-- A first write that changes nothing: after it Redis lets a script finish even out of memory.
-- Publishing comes before giving up: should it be refused (ACL), the claim is still there.
redis.call('HDEL', KEYS[1], '')
local counted = redis.call('HLEN', KEYS[3]) > 0
local answer = {}

-- What concerns one submit. It may fail, by a key of another type or an older ACL file, and the result
-- that is published stays.
local function tell(seen, state, reply, is_result, value, reason)
  if is_result and state and state:sub(-9) ~= ' answered' then
    redis.pcall('SET', seen, state .. ' answered', 'KEEPTTL')
  end
  if redis.pcall('EXISTS', reply) == 1 then
    redis.pcall('XADD', reply, '*', is_result and 'sealed' or 'dead', is_result and value or reason)
    redis.pcall('EXPIRE', reply, ARGV[3])
  end
end

for i = 4, #ARGV, 6 do
  local tag, is_result, id, value = ARGV[i], ARGV[i + 1] == '1', ARGV[i + 2], ARGV[i + 4]
  local held = redis.call('HEXISTS', KEYS[1], tag)
  if held == 1 then
    local seen = ARGV[1] .. id
    local state = redis.pcall('GET', seen)
    if type(state) ~= 'string' then state = nil end
    if state == 'cancelled' then
      redis.call('DEL', seen)
      held = 0
    else
      redis.call('XADD', is_result and KEYS[4] or KEYS[5], '*', 'entry_id', id, ARGV[i + 3], value)
      tell(seen, state, ARGV[2] .. id, is_result, value, ARGV[i + 5])
    end
    if counted then
      redis.call('HDEL', KEYS[3], redis.sha1hex(redis.call('HGET', KEYS[1], tag)))
    end
    redis.call('HDEL', KEYS[1], tag)
    redis.call('ZREM', KEYS[2], tag)
  end
  answer[#answer + 1] = held
end
return answer
