-- Acknowledge results (or dead letters) for the gateway, and append each that belongs to an API key to
-- the stream of that key, in one step: it is there exactly once, whoever dies.
-- KEYS: the stream that is read, the registry of names (sorted set), the stream of latencies.
-- ARGV: the group, what precedes a name in the key of its stream, seconds results are kept, most results
--       kept of a name, whether what no group needs is deleted (1 or 0), then six an item: stream id,
--       name ('' for nobody's), entry id, field and value to append, latency ('' if not known).
-- Returns how many were appended, and how many only acknowledged.
local source, registry, latencies = KEYS[1], KEYS[2], KEYS[3]
local group, prefix, kept, most = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
-- A first write that changes nothing: after it Redis lets a script finish even out of memory.
redis.call('XACK', source, group, '0-1')
local oldest = string.format('%.0f', (redis.call('TIME')[1] - kept) * 1000)
local appended, others = {}, 0
for i = 6, #ARGV, 6 do
  local id, name, latency = ARGV[i], ARGV[i + 1], ARGV[i + 5]
  if #redis.call('XPENDING', source, group, id, id, 1) == 1 then
    -- The registry tells, not the file of one process: that may be older than the key.
    if name ~= '' and redis.call('ZSCORE', registry, name) then
      local stream = prefix .. name
      redis.call('XADD', stream, 'MAXLEN', '~', most, '*', 'entry_id', ARGV[i + 2], ARGV[i + 3], ARGV[i + 4])
      redis.call('XTRIM', stream, 'MINID', '~', oldest)
      redis.call('EXPIRE', stream, kept)
      if latency ~= '' then
        redis.call('XADD', latencies, 'MAXLEN', '~', 1000, '*', 's', latency)
        redis.call('EXPIRE', latencies, 120)
      end
      appended[#appended + 1] = id
    else
      others = others + 1
    end
    redis.call('XACK', source, group, id)
  end
end
if ARGV[5] == '1' then delete_unneeded(source, groups_of(source), appended, group) end
return {#appended, others}
