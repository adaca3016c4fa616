-- Put claimed messages back to the end of the queue that is taken next.
-- KEYS: queue, claims, leases, deliveries
-- ARGV: length of what kombu puts behind a message, 1 to count a delivery that failed, the tags
-- Returns how many were still held and are back.
local back = 0
for i = #ARGV, 3, -1 do
  local claim = redis.call('HGET', KEYS[2], ARGV[i])
  if claim then
    local message = claim:sub(2, -1 - tonumber(ARGV[1]))
    redis.call('HDEL', KEYS[2], ARGV[i])
    redis.call('ZREM', KEYS[3], ARGV[i])
    redis.call('RPUSH', KEYS[1], message)
    if ARGV[2] == '1' then redis.call('HINCRBY', KEYS[4], redis.sha1hex(message), 1) end
    back = back + 1
  end
end
return back
