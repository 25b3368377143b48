-- stale.lua: lists grants that were not entered for a while, oldest first.
--
-- ARGV  age in milliseconds, limit
-- Result  OK, 0, job, generation, group, ... Reads only. O(limit + log n).

local out = {'OK', '0'}
local jobs = call('ZRANGEBYSCORE', P .. 'marks', '-inf', text(state.now() - tonumber(ARGV[1])),
  'LIMIT', 0, ARGV[2])
for _, job in ipairs(jobs) do
  local h = slots.holder(job)
  for _, word in ipairs({job, h.generation, h.shared.group}) do out[#out + 1] = word end
end
return out
