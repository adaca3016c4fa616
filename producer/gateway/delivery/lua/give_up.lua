-- Put a result that its webhook never took on the list of undelivered ones, in the same step that
-- acknowledges it.
-- KEYS: the stream of the API key, the stream of undelivered results.
-- ARGV: the group, the stream id, seconds to keep it, most to keep, the entry id, the reason, the field
--       and the value.
-- Returns 1 if it was still pending.
if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1) == 0 then return 0 end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[4], '*', 'entry_id', ARGV[5], 'reason', ARGV[6], ARGV[7], ARGV[8])
redis.call('EXPIRE', KEYS[2], ARGV[3])
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
return 1
