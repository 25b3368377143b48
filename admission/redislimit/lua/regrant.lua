-- regrant.lua: gives a holder a new generation and a new mark.
--
-- ARGV  job
-- Result  OK, 0, job, generation, group; STALE when the job holds nothing. O(log n).

local h = slots.holder(ARGV[1])
if not h then return {'STALE'} end
if state.n + 1 >= 1e9 then
  call('HDEL', stateKey, 'epoch')
  return {'NOTREADY'}
end
local generation = slots.nextGeneration()
slots.writeHolder(h.job, generation, h.score, h.resource, h.tail)
slots.flush()
order.save()
return {'OK', '0', h.job, generation, h.shared.group}
