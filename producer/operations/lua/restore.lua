-- Put results that could not be opened or handled back on their stream, in the same step that
-- removes them from the dead stream.
-- KEYS: dead stream, results.  ARGV: most results, then for each its letter's stream id, its entry
-- id and the sealed result.
-- Returns how many were still there and are back, and how many found no room.
local room = tonumber(ARGV[1]) - redis.call('XLEN', KEYS[2])
local restored, refused = 0, 0
for i = 2, #ARGV, 3 do
  if room <= 0 then
    refused = refused + 1
  elseif redis.call('XDEL', KEYS[1], ARGV[i]) == 1 then
    redis.call('XADD', KEYS[2], '*', 'entry_id', ARGV[i + 1], 'sealed', ARGV[i + 2])
    room = room - 1
    restored = restored + 1
  end
end
return {restored, refused}
