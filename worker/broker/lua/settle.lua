-- Publish answers and give up their claims, in one step, for claims that are still held.
-- KEYS: claims, leases, deliveries, results, dead, parked (list of messages whose key was missing)
-- ARGV: prefix of the "seen" keys, prefix of the "reply" keys, seconds a reply is kept, then six a
--       claim: tag, what the answer is, entry id, name of the field, its value, why the entry is dead
-- An answer is 'result', or 'freed' (a dead letter whose entry may be submitted again at once), or
-- 'dead' (one under an id that is not its own), or 'parked': its value is the key id, and the message
-- waits for a worker with that key.
-- Returns 1 for each claim that was held and is settled now, else 0: also for a cancelled entry, whose
-- claim is given up with nothing published.
-- A first write that changes nothing: after it Redis lets a script finish even out of memory.
-- Publishing comes before giving up: should it be refused (ACL), the claim is still there.
redis.call('HDEL', KEYS[1], '')
local counted = redis.call('HLEN', KEYS[3]) > 0
local answer = {}

-- For who waits for the reply. It may fail, by a key of another type or an older ACL file, and what is
-- published stays.
local function tell(reply, field, value)
  if redis.pcall('EXISTS', reply) == 1 then
    redis.pcall('XADD', reply, '*', field, value)
    redis.pcall('EXPIRE', reply, ARGV[3])
  end
end

local function publish(kind, id, field, value, reason, message, state)
  local seen, reply = ARGV[1] .. id, ARGV[2] .. id
  if kind == 'parked' then
    redis.call('LPUSH', KEYS[6], value .. ' ' .. message)
  elseif kind == 'result' then
    redis.call('XADD', KEYS[4], '*', 'entry_id', id, field, value)
    if state and state:sub(-9) ~= ' answered' then
      redis.pcall('SET', seen, state .. ' answered', 'KEEPTTL')
    end
    tell(reply, 'sealed', value)
  elseif kind == 'freed' then
    redis.call('XADD', KEYS[5], '*', 'entry_id', id, field, value, 'freed', '1')
    redis.call('DEL', seen)
    tell(reply, 'dead', reason)
  else
    redis.call('XADD', KEYS[5], '*', 'entry_id', id, field, value)
  end
end

for i = 4, #ARGV, 6 do
  local tag, kind, id = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local message = redis.call('HGET', KEYS[1], tag)
  local held = message and 1 or 0
  if message then
    local state = redis.pcall('GET', ARGV[1] .. id)
    if type(state) ~= 'string' then state = nil end
    if state == 'cancelled' and kind ~= 'dead' then
      redis.call('DEL', ARGV[1] .. id)
      held = 0
    else
      publish(kind, id, ARGV[i + 3], ARGV[i + 4], ARGV[i + 5], message, state)
    end
    if counted and (kind ~= 'parked' or held == 0) then
      redis.call('HDEL', KEYS[3], redis.sha1hex(message))
    end
    redis.call('HDEL', KEYS[1], tag)
    redis.call('ZREM', KEYS[2], tag)
  end
  answer[#answer + 1] = held
end
return answer
