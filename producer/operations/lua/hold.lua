-- Keep hold of results that a reader was given and has not come to yet: they count as given now.
-- KEYS: the stream.  ARGV: group, consumer, then for each result its stream id and how often it was
-- given to a reader as far as this one knows (0: unknown).
-- Returns for each how often it was given, or 0 where it went to another reader meanwhile. Readers
-- may share a name; but whoever takes a result over counts one more delivery.
local stream, group, consumer = KEYS[1], ARGV[1], ARGV[2]
local answer = {}
for i = 3, #ARGV, 2 do
  local id, known = ARGV[i], tonumber(ARGV[i + 1])
  local found = redis.call('XPENDING', stream, group, id, id, 1)[1]
  local held = 0
  if found and found[2] == consumer and (known == 0 or known == found[4]) then
    held = found[4]
    redis.call('XCLAIM', stream, group, consumer, 0, id, 'JUSTID')
  end
  answer[#answer + 1] = held
end
return answer
