-- Renew the leases of claims that are still held.
-- KEYS: leases, claims, deliveries
-- ARGV: what kombu puts behind a message, 1 to count a delivery that failed, the tags
-- Returns how many are held. ZREM comes first on purpose: after a first write Redis lets a script
-- finish even out of memory, and a lease must not end for want of it.
local clock = redis.call('TIME')
local now = clock[1] .. '.' .. string.format('%06d', clock[2])
local held = 0
for i = 3, #ARGV do
  if redis.call('ZREM', KEYS[1], ARGV[i]) == 1 then
    redis.call('ZADD', KEYS[1], now, ARGV[i])
    held = held + 1
    if ARGV[2] == '1' then
      local claim = redis.call('HGET', KEYS[2], ARGV[i])
      if claim then
        local message = claim:sub(2, -1 - #ARGV[1])
        redis.call('HINCRBY', KEYS[3], redis.sha1hex(message), 1)
      end
    end
  end
end
return held
