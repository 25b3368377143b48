-- submit.lua: puts jobs into the waiting room, then pumps.
--
-- ARGV  pump (1 or 0), then for each job: id, score, ring (e or n), group, account,
--       keys joined by spaces, resource (without its dimension; may be empty)
-- Result  as pump. A job that waits is moved to its new request, a holder is left alone.
-- O(jobs * log n), 4 commands a job when its group exists.

for i = 2, #ARGV, 7 do
  local job = ARGV[i]
  if call('HEXISTS', P .. 'holders', job) == 0 then
    room.enqueue(job, ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5],
      ARGV[i + 6] ~= '' and ARGV[i + 6] or nil)
  end
end
if ARGV[1] == '0' then return {'OK', '0'} end
return pump.run()
