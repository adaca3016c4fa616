-- Dead-letter results that do not open or that nobody could handle, for one group: other groups
-- still read them. What no other group needs leaves the stream.
-- KEYS: the results, the dead stream.  ARGV: the group, then for each result its stream id, its
-- entry id and the dead letter.
-- Returns how many were still pending and are now dead letters. The dead letter is written first:
-- if that is refused (no memory, ACL), the result is still pending.
local moved = {}
for i = 2, #ARGV, 3 do
  if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[i], ARGV[i], 1) == 1 then
    redis.call('XADD', KEYS[2], '*', 'entry_id', ARGV[i + 1], 'letter', ARGV[i + 2])
    redis.call('XACK', KEYS[1], ARGV[1], ARGV[i])
    moved[#moved + 1] = ARGV[i]
  end
end
delete_unneeded(KEYS[1], groups_of(KEYS[1]), moved, ARGV[1])
return #moved
