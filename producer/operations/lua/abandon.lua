-- Make dead letters of parked entries, whose key is lost.
-- KEYS: parked, dead stream.  ARGV: what precedes an entry id in the key that remembers its submit, then
-- for each its element of the list, its entry id and its dead letter.
-- Returns how many were still parked and are dead letters now.
-- Published before it is taken off: should that be refused (ACL), nothing is lost.
local moved = 0
for i = 2, #ARGV, 3 do
  local letter = redis.call('XADD', KEYS[2], '*', 'entry_id', ARGV[i + 1], 'letter', ARGV[i + 2], 'freed', '1')
  if redis.call('LREM', KEYS[1], -1, ARGV[i]) == 1 then
    redis.call('DEL', ARGV[1] .. ARGV[i + 1])
    moved = moved + 1
  else
    redis.call('XDEL', KEYS[2], letter)
  end
end
return moved
