-- enter.lua: takes the mark off a grant, then pumps what the window lets through.
--
-- ARGV  job, generation
-- Result  as pump, or STALE when the job does not hold slots under this generation.
-- O(log n) and the pump.

local h = holder(ARGV[1])
if not h or h.generation ~= ARGV[2] then return {'STALE'} end
if call('ZREM', P .. 'marks', ARGV[1]) == 0 then return {'OK', '0'} end
return pump()
