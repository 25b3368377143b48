-- release.lua: takes jobs out of the room and frees their slots, then pumps.
--
-- ARGV  mode, pump (1 or 0), then job ids. Mode release frees every holder; cancel only
--       those not entered.
-- Result  as pump. Unknown jobs are passed over.
-- O(jobs * keys * log n) and the pump.

for i = 3, #ARGV do
  local job = ARGV[i]
  local h = holder(job)
  if h then
    if ARGV[1] == 'release' or call('ZSCORE', P .. 'marks', job) then free(h) end
  else
    local place = call('HGET', P .. 'waiting', job)
    if place then withdraw(job, place) end
  end
end
if ARGV[2] == '0' then return {'OK', '0'} end
return pump()
