-- regrant.lua: gives a holder a new generation and a new mark.
--
-- ARGV  job
-- Result  OK, 0, job, generation, group; STALE when the job holds nothing. O(keys + log n).

local h = holder(ARGV[1])
if not h then return {'STALE'} end
if lastN + 1 >= 1e9 then
  call('HDEL', stateKey, 'epoch')
  return {'NOTREADY'}
end
h.generation, h.since = nextGeneration(), text(now())
for _, key in ipairs(h.keys) do take(key, h.job, h.generation) end
writeHolder(h)
call('ZADD', P .. 'marks', h.since, h.job)
save()
return {'OK', '0', h.job, h.generation, h.group}
