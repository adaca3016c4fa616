-- Put back messages that workers of earlier versions claimed, in kombu's own keys, and whose leases
-- have ended. One page of those keys is looked at in a call.
-- KEYS: queue, deliveries, reaper, kombu's hash of claims, kombu's sorted set of leases
-- ARGV: what kombu puts behind a message in the hash, pattern of our tags, seconds of a lease, cursor,
--       size of a page
-- Returns the cursor of the next page, and how many messages are back. Claims of another Celery
-- application or of another queue stay. Leases are judged from `since`, as in reap.lua.
if redis.call('EXISTS', KEYS[5]) == 0 then return {'0', 0} end
-- A first write that changes nothing: after it Redis lets a script finish even out of memory.
redis.call('HDEL', KEYS[4], '')
local latest = redis.call('TIME')[1] - tonumber(ARGV[3])
local since = tonumber(redis.call('HGET', KEYS[3], 'since') or '') or math.huge
if since > latest then return {ARGV[4], 0} end
local found = redis.call('ZSCAN', KEYS[5], ARGV[4], 'MATCH', ARGV[2], 'COUNT', ARGV[5])
local back = 0
for i = 1, #found[2], 2 do
  local tag = found[2][i]
  local claim = tonumber(found[2][i + 1]) <= latest and redis.call('HGET', KEYS[4], tag)
  if claim and claim:sub(-#ARGV[1]) == ARGV[1] then
    local message = claim:sub(2, -1 - #ARGV[1])
    redis.call('HINCRBY', KEYS[2], redis.sha1hex(message), 1)
    redis.call('RPUSH', KEYS[1], message)
    redis.call('HDEL', KEYS[4], tag)
    redis.call('ZREM', KEYS[5], tag)
    back = back + 1
  end
end
return {found[1], back}
