-- explain.lua: says where a job is and what it waits for.
--
-- ARGV  job
-- Result  OK, place, generation, group, jobs ahead, then the full keys, each followed by
--         its number of holders to come and their ids. Changes nothing that counts. O(log n + holders shown).

local SHOWN = 10
local job = ARGV[1]

local function some(found)
  return {unpack(found, 1, math.min(#found, SHOWN))}
end

local function holdersOf(key) return some(call('SSCAN', slots.slotsOf(key), 0, 'COUNT', SHOWN)[2]) end

-- aheadIn counts the jobs of group n that come before; rest is the job's score and resource.
local function aheadIn(n, rest)
  local mine, other, entry = 'q:', 'p:', job .. ' ' .. rest
  if not call('ZSCORE', P .. mine .. n, entry) then
    mine, other, entry = 'p:', 'q:', job
  end
  return call('ZRANK', P .. mine .. n, entry)
    + call('ZCOUNT', P .. other .. n, '-inf', '(' .. cut(rest))
end

local function report(out, key, ids)
  out[#out + 1] = key
  out[#out + 1] = text(#ids)
  for _, id in ipairs(ids) do out[#out + 1] = id end
end

local h = slots.holder(job)
if h then
  local marked = call('ZSCORE', P .. 'marks', job)
  return {'OK', marked and 'granted' or 'entered', h.generation, h.shared.group, '0'}
end
local place = call('HGET', P .. 'waiting', job)
if not place then return {'OK', 'absent', '0', '', '0'} end
local n, rest = cut(place)
local _, resource = cut(rest)
local g = room.groupOf(n)
local out = {'OK', 'waiting', '0', g.name, text(aheadIn(n, rest))}
for _, key in ipairs(g.keys) do
  if slots.full(key) then report(out, key, holdersOf(key)) end
end
local taken = resource and call('HGET', P .. 'taken', resource)
if taken then report(out, 'resource=' .. resource, some(words(taken))) end
return out
