-- Make dead letters of parked entries, whose key is lost.
-- KEYS: parked (of one lane), dead stream, deliveries.  ARGV: prefix of the "seen" keys, prefix of the
-- "reply" keys, seconds a reply is kept, why they are dead, then for each its element of the list, its entry
-- id and its dead letter.
-- Returns how many were still parked and are dead letters now.
-- Published before it is taken off: should that be refused (ACL), nothing is lost.
local lane, moved = KEYS[1]:match('%.lane:([a-z0-9-]+)%.parked$'), 0
for i = 5, #ARGV, 3 do
  local fields = {'entry_id', ARGV[i + 1], 'letter', ARGV[i + 2], 'freed', '1'}
  if lane then fields[7], fields[8] = 'lane', lane end
  local letter = redis.call('XADD', KEYS[2], '*', unpack(fields))
  if redis.call('LREM', KEYS[1], -1, ARGV[i]) == 1 then
    redis.call('DEL', ARGV[1] .. ARGV[i + 1])
    redis.call('HDEL', KEYS[3], redis.sha1hex(ARGV[i]:match('^%S* (.*)$') or ''))
    local reply = ARGV[2] .. ARGV[i + 1]
    if redis.call('EXISTS', reply) == 1 then
      redis.call('XADD', reply, '*', 'dead', ARGV[4])
      redis.call('EXPIRE', reply, ARGV[3])
    end
    moved = moved + 1
  else
    redis.call('XDEL', KEYS[2], letter)
  end
end
return moved
