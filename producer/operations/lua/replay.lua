-- Put dead letters back on the queue, each in the same step that removes it from the dead stream.
-- KEYS: dead stream, queue.  ARGV: most entries in the queue, what precedes an entry id in the key
-- that remembers its submit, seconds it is remembered, then for each letter its stream id, entry id,
-- message, and whether its id was free for a new submit since (1 or 0).
-- Returns how many were still there and are back, and how many found no room. An entry that was
-- submitted again meanwhile stays where it is: it would be answered twice.
local room = tonumber(ARGV[1]) - redis.call('LLEN', KEYS[2])
local replayed, refused = 0, 0
for i = 4, #ARGV, 4 do
  local letter, seen = ARGV[i], ARGV[2] .. ARGV[i + 1]
  local again = ARGV[i + 3] == '1' and redis.call('EXISTS', seen) == 1
  if not again and #redis.call('XRANGE', KEYS[1], letter, letter) == 1 then
    if room <= 0 then
      refused = refused + 1
    else
      -- In this order: were the first refused, nothing has changed.
      redis.call('SET', seen, 'replayed', 'EX', ARGV[3])
      redis.call('LPUSH', KEYS[2], ARGV[i + 2])
      redis.call('XDEL', KEYS[1], letter)
      room = room - 1
      replayed = replayed + 1
    end
  end
end
return {replayed, refused}
