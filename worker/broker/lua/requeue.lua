-- Put claimed messages back to that end of their lane's list that is taken next.
-- KEYS: queue, claims, leases, deliveries
-- ARGV: 1 to count a delivery that failed, the tags
-- Returns how many were still held and are back.
-- A first write that changes nothing: after it Redis lets a script finish even out of memory.
redis.call('HDEL', KEYS[2], '')
-- The list of the lane that a tag tells.
local function list_of(tag)
  local lane = tag:match('@(.+)$')
  return lane and KEYS[1] .. '.lane:' .. lane or KEYS[1]
end
local back = 0
for i = #ARGV, 2, -1 do
  local message = redis.call('HGET', KEYS[2], ARGV[i])
  if message then
    if ARGV[1] == '1' then redis.call('HINCRBY', KEYS[4], redis.sha1hex(message), 1) end
    redis.call('RPUSH', list_of(ARGV[i]), message)
    redis.call('HDEL', KEYS[2], ARGV[i])
    redis.call('ZREM', KEYS[3], ARGV[i])
    back = back + 1
  end
end
return back
