-- Mark an entry as cancelled, unless it is answered: whoever settles it then publishes nothing.
-- KEYS: its "seen" key, its "reply" key, the claims.  ARGV: seconds a reply is kept.
-- Returns 0 if its submit is not remembered, 1 if it is cancelled, 2 if it is answered.
-- A first write that changes nothing: after it Redis lets a script finish even out of memory.
redis.call('HDEL', KEYS[3], '')
local state = redis.call('GET', KEYS[1])
if not state then return 0 end
if state:sub(-9) == ' answered' then return 2 end
redis.call('SET', KEYS[1], 'cancelled', 'KEEPTTL')
if redis.call('EXISTS', KEYS[2]) == 1 then
  redis.call('XADD', KEYS[2], '*', 'cancelled', '1')
  redis.call('EXPIRE', KEYS[2], ARGV[1])
end
return 1
