-- base.lua: the start of every script that needs an open epoch.
--
-- KEYS[1]  {hf:<installation>}:state, a hash; every other key has the same hash tag and
--          is named after the prefix kept there, so one Cluster slot holds them all.
-- A call without arguments only loads the script. A closed epoch answers NOTREADY.

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
  local v = call('HMGET', stateKey, 'epoch', 'prefix', 'window', 'n', 'vn', 've', 'recall')
  if not v[1] then return {'NOTREADY'} end
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
-- slots.lua: caps, and the slots taken of each key.
--
-- s:<key>   set   jobs that hold a slot of a shared key; its size is what the key has given out
-- taken     hash  resource -> the job that holds it (after a rebuild perhaps several)
-- caps      hash  key, or dimension=*, -> slots, neither: no limit; weight=<account> ->
--                 its share of the turns, neither: 1
-- holders   hash  job -> "generation since score resource ring group account key..."
-- marks     zset  job by the time of its grant, until it is entered
--
-- Caps and counts are cached for the one call; nothing else can change them meanwhile.

local NONE = '-' -- stands for nothing in a record

-- What a call does to many jobs goes to Redis in one command for all: later() gathers it,
-- flush() sends it. Between the two nobody reads the keys that change.
local slots = {gathered = {}}

function slots.later(command, key, a, b)
  local batch = slots.gathered[key]
  if not batch or batch[1] ~= command then
    if batch then call(unpack(batch)) end
    batch = {command, key}
    slots.gathered[key] = batch
  end
  batch[#batch + 1] = a
  batch[#batch + 1] = b
end

function slots.flush()
  for _, batch in pairs(slots.gathered) do call(unpack(batch)) end
  slots.gathered = {}
end

local FEW = 64 -- caps that are read all at once
slots.caps, slots.counts, slots.names = {}, {}, {}

-- readCaps reads all caps when they are few.
function slots.readCaps()
  slots.defaults = false
  if call('HLEN', P .. 'caps') > FEW then return end
  local all = call('HGETALL', P .. 'caps')
  slots.defaults = {}
  for i = 1, #all, 2 do
    local of = all[i]:sub(-2) == '=*' and slots.defaults or slots.caps
    of[all[i]] = tonumber(all[i + 1])
  end
end

-- capOf returns the slots a shared key has, or false for no limit.
function slots.capOf(key)
  if slots.defaults == nil then slots.readCaps() end
  local cap = slots.caps[key]
  if cap ~= nil then return cap end
  local default = key:match('^[^=]*') .. '=*'
  if slots.defaults then
    cap = slots.defaults[default] or false
  else
    local found = call('HMGET', P .. 'caps', key, default)
    local value = found[1] or found[2]
    cap = value and tonumber(value)
  end
  slots.caps[key] = cap
  return cap
end

-- slotsOf names the set of a shared key's holders.
function slots.slotsOf(key)
  local name = slots.names[key]
  if not name then
    name = P .. 's:' .. key
    slots.names[key] = name
  end
  return name
end

-- full says whether a shared key has no slot left.
function slots.full(key)
  local cap = slots.capOf(key)
  if not cap then return false end
  if not slots.counts[key] then slots.counts[key] = call('SCARD', slots.slotsOf(key)) end
  return slots.counts[key] >= cap
end

function slots.countBy(keys, change)
  for _, key in ipairs(keys) do
    if slots.counts[key] then slots.counts[key] = slots.counts[key] + change end
  end
end

-- The end of a record is the same for all jobs of a group, so it is taken apart once.
slots.tails = {}

function slots.tailOf(tail)
  local part = slots.tails[tail]
  if not part then
    local w = words(tail)
    part = {ring = w[1], group = w[2], account = w[3], keys = {unpack(w, 4)}}
    slots.tails[tail] = part
  end
  return part
end

-- heldBy returns what a holder's record says of its slots: the resource, or false, and
-- what it shares with its group.
function slots.heldBy(record)
  local resource, tail = record:match('^%S+ %S+ %S+ (%S+) (.*)$')
  return resource ~= NONE and resource, slots.tailOf(tail)
end

-- holder returns all of a holder's record, or nil.
function slots.holder(job)
  local record = call('HGET', P .. 'holders', job)
  if not record then return nil end
  local generation, since, score, resource, tail = record:match('^(%S+) (%S+) (%S+) (%S+) (.*)$')
  return {job = job, generation = generation, since = since, score = score, tail = tail,
    resource = resource ~= NONE and resource, shared = slots.tailOf(tail)}
end

function slots.writeHolder(job, generation, score, resource, tail)
  local since = text(state.now())
  slots.later('HSET', P .. 'holders', job,
    generation .. ' ' .. since .. ' ' .. score .. ' ' .. (resource or NONE) .. ' ' .. tail)
  slots.later('ZADD', P .. 'marks', since, job)
end

-- nextGeneration returns epoch * 1e9 + n as text; save() in order.lua keeps n.
function slots.nextGeneration()
  state.n = state.n + 1
  return text(state.epoch * 1e9 + state.n)
end
-- order.lua: lines of groups, and the virtual time that makes them fair.
--
-- A line has two levels, so that an account with a hundred groups counts once:
--   <line>            zset  account by virtual time
--   <line> <account>  zset  group number by turn
-- ring:<r> is the line of groups to try; blocked:<r>:<key> is where groups wait that
-- found the key full. <r> is e (express) or n (normal). A group is in one line or, when
-- all its jobs are parked, in none.
--   g:<n>    hash  ring name account keys, at ('ring', a key, or nothing) and turn, which
--                  counts only while the group is in no line
--   vt:<r>   hash  account -> virtual time its next grant starts at
--   blocked  set   keys that have a blocked line
--
-- The first write of a script is HINCRBY, which Redis refuses when out of memory: a
-- script then fails before it changed anything, not half way.

local TURNS = 256 -- more than one call can use
local order = {turn = call('HINCRBY', stateKey, 'turn', TURNS) - TURNS}

function order.nextTurn()
  order.turn = order.turn + 1
  return order.turn
end

order.tags = {n = {}, e = {}}
order.ringEmpty = {n = false, e = false} -- known to be

-- tagOf returns the virtual time of an account's next grant. It may lie behind the
-- ring's clock after a rest; joining the ring then starts at the clock, so that nobody
-- saves up turns.
function order.tagOf(ring, account)
  local tag = order.tags[ring][account]
  if tag == nil then
    tag = tonumber(call('HGET', P .. 'vt:' .. ring, account) or '0')
    order.tags[ring][account] = tag
  end
  return tag
end

-- STRIDE is what a grant costs an account of weight 1 in virtual time.
local STRIDE = 10000

-- strideOf returns what a grant costs an account: half as much with twice the weight.
function order.strideOf(account)
  return math.floor(STRIDE / (slots.capOf('weight=' .. account) or 1))
end

-- charge lets an account pay for a grant made at the virtual time score, and returns that
-- of its next one.
function order.charge(ring, account, score)
  local tag = score + order.strideOf(account)
  state.clock[ring], order.tags[ring][account] = score, tag
  slots.later('HSET', P .. 'vt:' .. ring, account, text(tag))
  return tag
end

-- save keeps what grants have changed.
function order.save()
  call('HSET', stateKey, 'n', text(state.n), 'vn', text(state.clock.n), 've', text(state.clock.e))
end

function order.lineName(ring, at)
  if at == 'ring' then return P .. 'ring:' .. ring end
  return P .. 'blocked:' .. ring .. ':' .. at
end

function order.detach(g)
  local name = order.lineName(g.ring, g.at)
  g.turn = g.turn or number(call('ZSCORE', name .. ' ' .. g.account, g.n))
  call('ZREM', name .. ' ' .. g.account, g.n)
  if call('EXISTS', name .. ' ' .. g.account) == 1 then return end
  call('ZREM', name, g.account)
  if g.at ~= 'ring' and call('EXISTS', order.lineName('n', g.at), order.lineName('e', g.at)) == 0 then
    call('SREM', P .. 'blocked', g.at)
  end
end

function order.attach(g, to)
  local name, score = order.lineName(g.ring, to), order.tagOf(g.ring, g.account)
  if to == 'ring' then
    score = math.max(score, state.clock[g.ring])
    order.ringEmpty[g.ring] = false
  end
  call('ZADD', name .. ' ' .. g.account, text(g.turn), g.n)
  local new = call('ZADD', name, text(score), g.account)
  if new == 1 and to ~= 'ring' then call('SADD', P .. 'blocked', to) end
end

-- move puts a group into the line `to` ('ring', a key, or false for none). A group that
-- was granted something has a new turn; else it keeps its own.
function order.move(g, to)
  local from = g.at
  if from and from ~= to then order.detach(g) end
  g.at = to
  if to then order.attach(g, to) end
  if from ~= to then call('HSET', P .. 'g:' .. g.n, 'at', to or '', 'turn', text(g.turn)) end
end
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
