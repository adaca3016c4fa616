-- Delete results that every group has acknowledged and that nobody deleted then, because a reader
-- sent a plain XACK, or because a group is gone. A page a call; any number of callers do no harm.
-- KEYS: the stream.  ARGV: the stream id after which to go on ('' to begin), results in a page.
-- Returns how many were deleted, and the stream id after which to go on ('' at the end).
local stream, cursor, count = KEYS[1], ARGV[1], ARGV[2]
if redis.call('EXISTS', stream) == 0 then return {0, ''} end
local groups, deleted = groups_of(stream), 0
if #groups == 0 then return {0, ''} end

-- What follows the least of the last deliveries is unread by some group.
local slowest = groups[1]
for _, group in ipairs(groups) do
  if after(slowest.time, slowest.number, group.time, group.number) then slowest = group end
end
if cursor == '' then
  -- In most cases all that is unneeded lies before everything that is needed.
  local time, number = slowest.time, slowest.number
  for _, group in ipairs(groups) do
    if group.pending > 0 then
      local first = redis.call('XPENDING', stream, group.name)[2]
      local first_time, first_number = first:match('^(%d+)%-(%d+)$')
      if after(time, number, first_time, first_number) then time, number = first_time, first_number end
    end
  end
  deleted = redis.call('XTRIM', stream, 'MINID', '=', time .. '-' .. number)
end
local page = redis.call(
  'XRANGE', stream, cursor == '' and '-' or '(' .. cursor, slowest.last, 'COUNT', count)
local ids = {}
for i, item in ipairs(page) do ids[i] = item[1] end
deleted = deleted + delete_unneeded(stream, groups, ids)
if #ids < tonumber(count) then return {deleted, ''} end
return {deleted, ids[#ids]}
