-- base.lua: the start of every script that needs an open epoch.
--
-- KEYS[1]  {hf:<installation>}:state, a hash; every other key has the same hash tag and
--          is named after the prefix kept there, so one Cluster slot holds them all.
-- A call without arguments only loads the script. A closed epoch, or a room of an older
-- layout, answers NOTREADY, one of a newer layout NEWER.

if #ARGV == 0 then return {'LOADED'} end

local call = redis.call
local stateKey = KEYS[1]

-- text writes a whole number without an exponent; Lua's own conversion stops at 1e14.
local function text(n) return string.format('%d', n) end

-- number reads a score. miniredis writes 1e+15, which its tonumber does not take, but its
-- arithmetic does.
local function number(s) return tonumber(s) or s + 0 end

local function words(s)
  local list = {}
  for word in s:gmatch('%S+') do list[#list + 1] = word end
  return list
end

-- What follows is kept in a table a part (state, slots, order, room, pump). Were each
-- function a local of its own, making the functions, which every call does anew, would
-- take longer than what most calls are for.
local state = {}
do
  local v = call('HMGET', stateKey, 'epoch', 'prefix', 'window', 'n', 'vn', 've', 'recall', 'layout')
  if newer(v[8]) then return {'NEWER', v[8]} end
  if not v[1] or tonumber(v[8] or '1') < LAYOUT then return {'NOTREADY'} end
  state.epoch, state.prefix, state.window, state.n = tonumber(v[1]), v[2], tonumber(v[3]), tonumber(v[4])
  state.clock = {n = tonumber(v[5]), e = tonumber(v[6])}
  state.recalls = v[7] -- or false
end
local P = state.prefix

-- state.now is Redis' time in milliseconds, the only clock all processes share.
function state.now()
  if not state.time then
    local t = call('TIME')
    state.time = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
  end
  return state.time
end
