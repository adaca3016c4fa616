-- Count results up to a stream id and after it, a page of each.
-- KEYS: the stream.  ARGV: the stream id, where to go on with those up to it, where to go on with
-- those after it ('' where all are counted), results in a page.
-- Returns for both how many were counted and where to go on, then how many the stream holds.
local stream, id, count = KEYS[1], ARGV[1], tonumber(ARGV[4])
local function page(first, last)
  if first == '' then return 0, '' end
  local found = redis.call('XRANGE', stream, first, last, 'COUNT', count)
  return #found, #found == count and '(' .. found[count][1] or ''
end
local read, go_on_read = page(ARGV[2], id)
local unread, go_on_unread = page(ARGV[3], '+')
return {read, go_on_read, unread, go_on_unread, redis.call('XLEN', stream)}
