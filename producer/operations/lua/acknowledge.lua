-- Acknowledge results for one group, and delete those of them that every group has acknowledged,
-- whatever else is pending.
-- KEYS: the stream.  ARGV: the group, then the stream ids.
-- Returns how many results were newly acknowledged.
local stream, group = KEYS[1], ARGV[1]
if #ARGV < 2 or redis.call('EXISTS', stream) == 0 then return 0 end
local acknowledged, ids = 0, {}
for i = 2, #ARGV do
  ids[i - 1] = ARGV[i]
end
for i = 1, #ids, 1000 do
  acknowledged = acknowledged
    + redis.call('XACK', stream, group, unpack(ids, i, math.min(i + 999, #ids)))
end
delete_unneeded(stream, groups_of(stream), ids, group)
return acknowledged
