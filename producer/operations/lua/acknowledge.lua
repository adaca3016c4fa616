-- Acknowledge results for one group, then delete those that every group has acknowledged.
-- KEYS: the stream.  ARGV: the group, then the stream ids.
-- Returns how many results were newly acknowledged.
local stream, group = KEYS[1], ARGV[1]
if redis.call('EXISTS', stream) == 0 then return 0 end
local acknowledged = 0
for i = 2, #ARGV do
  acknowledged = acknowledged + redis.call('XACK', stream, group, ARGV[i])
end

local function before(a, b)
  local a_ms, a_n = a:match('^(%d+)-(%d+)$')
  local b_ms, b_n = b:match('^(%d+)-(%d+)$')
  a_ms, a_n, b_ms, b_n = tonumber(a_ms), tonumber(a_n), tonumber(b_ms), tonumber(b_n)
  return a_ms < b_ms or (a_ms == b_ms and a_n < b_n)
end

-- The first id that some group still needs: its oldest pending one, or else what follows its last read.
local keep_from, inclusive = nil, true
for _, info in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
  local fields = {}
  for i = 1, #info, 2 do fields[info[i]] = info[i + 1] end
  local first, is_pending = fields['last-delivered-id'], false
  if fields['pending'] > 0 then
    first, is_pending = redis.call('XPENDING', stream, fields['name'])[2], true
  end
  if not keep_from or before(first, keep_from) or (first == keep_from and is_pending) then
    keep_from, inclusive = first, is_pending
  end
end
if keep_from then
  redis.call('XTRIM', stream, 'MINID', keep_from)
  if not inclusive then redis.call('XDEL', stream, keep_from) end
end
return acknowledged
