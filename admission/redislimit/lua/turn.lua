-- turn.lua: begins grants, takes jobs out of the room and frees their slots, then pumps.
--
-- ARGV  pump (1 or 0); mode release (frees every holder) or cancel (only those not
--       entered); number of grants to begin; job and generation of each; jobs to take out
-- Result  OK, positions of the grants that are stale, then as pump. Jobs nobody knows are
--         passed over. O(jobs * keys * log n) and the pump.

-- enter takes the marks off grants and returns the positions of those whose job does not
-- hold slots under that generation.
local function enter(from, n)
  local jobs, stale = {}, {}
  for i = 1, n do jobs[i] = ARGV[from + 2 * i - 2] end
  local records = n > 0 and call('HMGET', P .. 'holders', unpack(jobs)) or {}
  for i = 1, n do
    if records[i] and records[i]:match('^%S+') == ARGV[from + 2 * i - 1] then
      slots.later('ZREM', P .. 'marks', jobs[i])
    else
      stale[#stale + 1] = text(i)
    end
  end
  slots.flush()
  return table.concat(stale, ' ')
end

local function cancels(job) return ARGV[2] == 'cancel' and not call('ZSCORE', P .. 'marks', job) end

-- leave takes out the jobs in ARGV from the given place on.
local function leave(from)
  local jobs, holding, records, waiting = {}, {}, {}, {}
  for i = from, #ARGV do jobs[#jobs + 1] = ARGV[i] end
  if #jobs == 0 then return end
  for i, record in ipairs(call('HMGET', P .. 'holders', unpack(jobs))) do
    local job = jobs[i]
    if not record then
      waiting[#waiting + 1] = job
    elseif not cancels(job) then
      holding[#holding + 1], records[#records + 1] = job, record
    end
  end
  pump.free(holding, records)
  for _, job in ipairs(waiting) do
    local place = call('HGET', P .. 'waiting', job)
    if place then room.withdraw(job, place) end
  end
end

-- Entering lets somebody through only when the window was full.
local entering = tonumber(ARGV[3])
local leaving = 4 + 2 * entering
local wasFull = call('ZCARD', P .. 'marks') >= state.window
local stale = enter(4, entering)
leave(leaving)
local out = {'OK', '0'}
if ARGV[1] == '1' and (wasFull or leaving <= #ARGV) then out = pump.run() end
if out[1] == 'OK' then table.insert(out, 2, stale) end
return out
