-- Give back results that a reader has fetched and not begun to handle: their delivery does not
-- count, and any reader of the group may take them over at once.
-- KEYS: the stream.  ARGV: group, consumer, milliseconds after which results may be taken over, then
-- for each result its stream id and how often it was delivered as far as this reader knows.
local stream, group, consumer = KEYS[1], ARGV[1], ARGV[2]
for i = 4, #ARGV, 2 do
  local id, known = ARGV[i], tonumber(ARGV[i + 1])
  local found = redis.call('XPENDING', stream, group, id, id, 1)[1]
  if found and found[2] == consumer and found[4] == known then
    redis.call('XCLAIM', stream, group, consumer, 0, id,
      'IDLE', ARGV[3], 'RETRYCOUNT', known - 1, 'JUSTID')
  end
end
return 0
