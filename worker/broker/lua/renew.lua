-- Renew the leases of claims that are still held.
-- KEYS: leases, claims, deliveries
-- ARGV: 1 to count a delivery that failed, the tags
-- Returns the tags whose claims are lost: another worker has them, or they are settled. ZREM comes
-- first on purpose: after a first write Redis lets a script finish even out of memory, and a lease
-- must not end for want of it.
local clock = redis.call('TIME')
local now = clock[1] .. '.' .. string.format('%06d', clock[2])
local lost = {}
for i = 2, #ARGV do
  if redis.call('ZREM', KEYS[1], ARGV[i]) == 1 then
    redis.call('ZADD', KEYS[1], now, ARGV[i])
    if ARGV[1] == '1' then
      local message = redis.call('HGET', KEYS[2], ARGV[i])
      if message then redis.call('HINCRBY', KEYS[3], redis.sha1hex(message), 1) end
    end
  else
    lost[#lost + 1] = ARGV[i]
  end
end
return lost
