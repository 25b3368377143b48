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
-- room.lua: the waiting room.
--
--   waiting  hash  job -> "group number score[ resource]"
--   groups   hash  "<r> <name>" -> group number
--   q:<n>    zset  jobs of group n, "job score[ resource]", by score: band and deadline
--   p:<n>    zset  its parked jobs: their resource is taken by another job
--   r:<res>  zset  the jobs parked for one resource
--   parked   set   resources that have, or had, jobs parked for them
-- A job is in q or in p. What its group shares is stored once, in g:<n>. The score is in
-- the entry because Redis takes long to write one for Lua.

local room = {groups = {}}

-- cut returns the first word and the rest.
local function cut(s)
  local at = s:find(' ', 1, true)
  if not at then return s end
  return s:sub(1, at - 1), s:sub(at + 1)
end

-- needs is what waiting and q have of a job besides the group or the job.
local function needs(score, resource) return resource and score .. ' ' .. resource or score end

function room.groupOf(n)
  local g = room.groups[n]
  if g then return g end
  local v = call('HMGET', P .. 'g:' .. n, 'ring', 'name', 'account', 'keys', 'turn', 'at')
  g = {n = n, ring = v[1], name = v[2], account = v[3], list = v[4], keys = words(v[4])}
  if v[6] == '' then g.at, g.turn = false, tonumber(v[5]) else g.at = v[6] end
  room.groups[n] = g
  return g
end

-- The first jobs of a queue are read ahead, and leave it in one command: ahead is what was
-- read, from `next` on still to be had; spent is what has to go.
function room.forget(g)
  if g.spent then call('ZREM', P .. 'q:' .. g.n, unpack(g.spent)) end
  g.ahead, g.spent = nil, nil
end

function room.readAhead(g)
  room.forget(g)
  g.reach = math.min(2 * (g.reach or 1), 64)
  g.ahead, g.next = call('ZRANGE', P .. 'q:' .. g.n, 0, g.reach - 1), 1
end

-- head returns the first job of a queue that is not empty, its score and resource.
function room.head(g)
  if not g.ahead or g.next > #g.ahead then room.readAhead(g) end
  local job, rest = cut(g.ahead[g.next])
  return job, cut(rest)
end

-- spend takes the first job out of the queue.
function room.spend(g)
  g.spent = g.spent or {}
  g.spent[#g.spent + 1] = g.ahead[g.next]
  g.next = g.next + 1
end

-- waitsIn says whether a queue has jobs.
function room.waitsIn(g)
  if not g.ahead then return call('EXISTS', P .. 'q:' .. g.n) == 1 end
  if g.next > #g.ahead and #g.ahead == g.reach then room.readAhead(g) end
  return g.next <= #g.ahead
end

function room.describe(g)
  call('HSET', P .. 'g:' .. g.n, 'ring', g.ring, 'name', g.name, 'account', g.account,
    'keys', g.list, 'turn', text(g.turn), 'at', '')
end

-- openGroup finds or makes a group. Newer keys replace the older ones; the group then
-- leaves its line, which was chosen by the older.
function room.openGroup(ring, name, account, list)
  local n = call('HGET', P .. 'groups', ring .. ' ' .. name)
  if not n then
    n = text(call('HINCRBY', stateKey, 'groups', 1))
    call('HSET', P .. 'groups', ring .. ' ' .. name, n)
    local g = {n = n, ring = ring, name = name, account = account, list = list,
      keys = words(list), turn = order.nextTurn(), at = false}
    room.describe(g)
    room.groups[n] = g
    return g
  end
  local g = room.groupOf(n)
  if g.account ~= account or g.list ~= list then
    if g.at then order.move(g, false) end
    g.account, g.list, g.keys, g.tail = account, list, words(list), nil
    room.describe(g)
  end
  return g
end

-- settle is called when a group may have lost its last job.
function room.settle(g)
  if room.waitsIn(g) then return end
  room.forget(g)
  if g.at then order.move(g, false) end
  if call('EXISTS', P .. 'p:' .. g.n) == 1 then return end
  call('DEL', P .. 'g:' .. g.n)
  call('HDEL', P .. 'groups', g.ring .. ' ' .. g.name)
  room.groups[g.n] = nil
end

-- withdraw takes a waiting job out; place is its record in waiting.
function room.withdraw(job, place)
  local n, rest = cut(place)
  local g = room.groupOf(n)
  room.forget(g)
  if call('ZREM', P .. 'q:' .. n, job .. ' ' .. rest) == 0 then
    local _, resource = cut(rest)
    call('ZREM', P .. 'p:' .. n, job)
    call('ZREM', P .. 'r:' .. resource, job)
  end
  call('HDEL', P .. 'waiting', job)
  room.settle(g)
end

-- reorder changes only a waiting job's score, from that in `was`.
function room.reorder(job, g, was, score, resource)
  if call('ZREM', P .. 'q:' .. g.n, job .. ' ' .. was) == 1 then
    call('ZADD', P .. 'q:' .. g.n, score, job .. ' ' .. needs(score, resource))
  else
    call('ZADD', P .. 'p:' .. g.n, score, job)
    call('ZADD', P .. 'r:' .. resource, score, job)
  end
end

-- enqueue puts a job into the room, or moves it there to its new request.
function room.enqueue(job, score, ring, name, account, list, resource)
  local g = room.openGroup(ring, name, account, list)
  local place = call('HGET', P .. 'waiting', job)
  local n, was = cut(place or '')
  local _, before = cut(was or '')
  if n == g.n and before == resource then
    room.reorder(job, g, was, score, resource)
  else
    if place then
      room.withdraw(job, place)
      g = room.openGroup(ring, name, account, list)
    end
    call('ZADD', P .. 'q:' .. g.n, score, job .. ' ' .. needs(score, resource))
  end
  call('HSET', P .. 'waiting', job, g.n .. ' ' .. needs(score, resource))
  if not g.at and call('EXISTS', P .. 'q:' .. g.n) == 1 then order.move(g, 'ring') end
end

-- park takes the first job out of its group's way while another holds its resource.
function room.park(g, job, score, resource)
  call('ZADD', P .. 'p:' .. g.n, score, job)
  call('ZADD', P .. 'r:' .. resource, score, job)
  call('SADD', P .. 'parked', resource)
  room.spend(g)
  room.settle(g)
end
-- pump.lua: hands free slots to waiting jobs.
--
--   wake    zset  keys that have a free slot and someone who waits for it, by the rank
--                 of who waits; a rank may be too low and is mended when met
--   recall  zset  granted jobs to look at after a cap became 0
--
-- What holds between calls: a key with a blocked line or parked jobs is full, or in wake.
-- One pass of the loop does one thing: wake a group or a parked job, set a group aside,
-- park a job, or grant. MOVES passes at most, so a call is O(MOVES * keys * log n).

local MOVES = 64
local EXPRESS = -1e15 -- ranks before every normal one
local LOOK = -2e15    -- not ranked yet

-- Nothing joins wake while the pump runs, so once found empty it stays so.
local pump = {wakeEmpty = false, wakeLast = nil} -- wakeLast: the only member, when there was one

-- offer wakes those of keys, a table of the set `waited` by prefix .. name, that somebody
-- waits for.
function pump.offer(freed, waited, prefix)
  if #freed == 0 then return end
  for i, is in ipairs(call('SMISMEMBER', P .. waited, unpack(freed))) do
    if is == 1 then slots.later('ZADD', P .. 'wake', text(LOOK), prefix .. freed[i]) end
  end
end

-- without returns words joined by spaces without one of them, or nil when none is left.
function pump.without(list, word)
  local left = {}
  for _, w in ipairs(words(list)) do
    if w ~= word then left[#left + 1] = w end
  end
  return left[1] and table.concat(left, ' ')
end

-- freeResources gives back resources, each held by the job of the same place.
function pump.freeResources(resources, jobs)
  if #resources == 0 then return end
  for i, taken in ipairs(call('HMGET', P .. 'taken', unpack(resources))) do
    local left = taken and taken ~= jobs[i] and pump.without(taken, jobs[i])
    if left then
      call('HSET', P .. 'taken', resources[i], left)
    else
      slots.later('HDEL', P .. 'taken', resources[i])
    end
  end
  pump.offer(resources, 'parked', 'resource=')
end

-- free takes all slots from jobs; records are what holders has of them.
function pump.free(jobs, records)
  local keys, seen, resources, owners = {}, {}, {}, {}
  for i, job in ipairs(jobs) do
    local resource, shared = slots.heldBy(records[i])
    slots.later('HDEL', P .. 'holders', job)
    slots.later('ZREM', P .. 'marks', job)
    for _, key in ipairs(shared.keys) do
      slots.later('SREM', slots.slotsOf(key), job)
      if not seen[key] then
        seen[key] = true
        keys[#keys + 1] = key
      end
    end
    slots.countBy(shared.keys, -1)
    if resource then
      resources[#resources + 1], owners[#owners + 1] = resource, job
    end
  end
  pump.freeResources(resources, owners)
  pump.offer(keys, 'blocked', '')
  slots.flush()
end

-- recallOne puts a granted job back into the room when one of its keys is paused. A
-- holder that Rebuild brought has no group to go back to and stays.
function pump.recallOne(job)
  local h = call('ZSCORE', P .. 'marks', job) and slots.holder(job)
  if not h or h.shared.ring == NONE then return end
  local paused, keys = false, h.shared.keys
  for _, key in ipairs(keys) do paused = paused or slots.capOf(key) == 0 end
  if not paused then return end
  pump.free({job}, {call('HGET', P .. 'holders', job)})
  room.enqueue(job, h.score, h.shared.ring, h.shared.group, h.shared.account,
    table.concat(keys, ' '), h.resource or nil)
end

function pump.recall(work)
  while work > 0 do
    local first = call('ZPOPMIN', P .. 'recall')
    if not first[1] then
      call('HDEL', stateKey, 'recall')
      state.recalls = false
      return work
    end
    pump.recallOne(first[1])
    work = work - 1
  end
  return 0
end

function pump.rank(ring, score) return ring == 'e' and score + EXPRESS or score end

-- ringTop returns ring, account and virtual time of whose turn it is.
function pump.ringTop()
  for _, ring in ipairs({'e', 'n'}) do
    local top = order.ringEmpty[ring] and {} or call('ZRANGE', P .. 'ring:' .. ring, 0, 0, 'WITHSCORES')
    if top[1] then return ring, top[1], number(top[2]) end
    order.ringEmpty[ring] = true
  end
end

-- blockedTop returns ring and account of who is next for a key. An account served
-- elsewhere meanwhile is moved back in the line first: then account is nil.
function pump.blockedTop(key)
  for _, ring in ipairs({'e', 'n'}) do
    local name = order.lineName(ring, key)
    local top = call('ZRANGE', name, 0, 1, 'WITHSCORES')
    if top[1] then
      local tag = order.tagOf(ring, top[1])
      if top[3] and tag > number(top[4]) then
        call('ZADD', name, text(tag), top[1])
        return ring
      end
      return ring, top[1]
    end
  end
end

-- unpark brings one job back that waits for a resource, when that is free.
function pump.unpark(resource)
  local first = call('HEXISTS', P .. 'taken', resource) == 0
    and call('ZPOPMIN', P .. 'r:' .. resource)
  if first and first[1] then
    local job = first[1]
    local n, rest = cut(call('HGET', P .. 'waiting', job))
    local g = room.groupOf(n)
    room.forget(g)
    call('ZREM', P .. 'p:' .. n, job)
    call('ZADD', P .. 'q:' .. n, cut(rest), job .. ' ' .. rest)
    if not g.at then order.move(g, 'ring') end
    return
  end
  if first then call('SREM', P .. 'parked', resource) end
  call('ZREM', P .. 'wake', 'resource=' .. resource)
end

-- wakeTop looks for a free key whose first in line ranks before `limit` (nil: anybody).
-- It returns that group and its virtual time; or 'again' when it only mended a rank or
-- brought a parked job back; or nil when there is nobody.
function pump.wakeTop(limit)
  if pump.wakeEmpty then return nil end
  local top = call('ZRANGE', P .. 'wake', 0, 1, 'WITHSCORES')
  local key = top[1]
  pump.wakeEmpty, pump.wakeLast = not key, not top[3] and key
  if not key or (limit and number(top[2]) >= limit) then return nil end
  if key:sub(1, 9) == 'resource=' then
    pump.unpark(key:sub(10))
    return 'again'
  end
  if slots.full(key) then
    call('ZREM', P .. 'wake', key)
    return 'again'
  end
  local ring, account = pump.blockedTop(key)
  if not ring then call('ZREM', P .. 'wake', key) end
  if not account then return 'again' end
  local score = math.max(order.tagOf(ring, account), state.clock[ring])
  local mine = pump.rank(ring, score)
  local after = top[3] and mine > number(top[4])
  if after or (limit and mine >= limit) then
    call('ZADD', P .. 'wake', text(mine), key)
    return after and 'again' or nil
  end
  return room.groupOf(call('ZRANGE', order.lineName(ring, key) .. ' ' .. account, 0, 0)[1]), score
end

-- nextLine says where a group goes after a grant: behind a key that is full now, else to
-- the ring. Either way its account's virtual time says when it is next.
function pump.nextLine(g)
  for _, key in ipairs(g.keys) do
    if slots.full(key) then
      if not pump.wakeEmpty then
        call('ZREM', P .. 'wake', key)
        pump.wakeEmpty = pump.wakeLast == key
      end
      return key
    end
  end
  return 'ring'
end

-- grant gives the first job of a group its slots; its resource is taken already.
function pump.grant(g, job, jobScore, resource, score)
  g.tail = g.tail or table.concat({g.ring, g.name, g.account, g.list}, ' ')
  local generation = slots.nextGeneration()
  slots.writeHolder(job, generation, jobScore, resource, g.tail)
  for _, key in ipairs(g.keys) do slots.later('SADD', slots.slotsOf(key), job) end
  slots.countBy(g.keys, 1)
  slots.later('HDEL', P .. 'waiting', job)
  room.spend(g)
  local tag = order.charge(g.ring, g.account, score)
  g.turn = order.nextTurn()
  if room.waitsIn(g) then order.move(g, pump.nextLine(g)) else room.settle(g) end
  if g.at ~= 'ring' and not order.ringEmpty[g.ring] then -- its other groups pay too
    call('ZADD', order.lineName(g.ring, 'ring'), 'XX', text(tag), g.account)
  end
  return generation
end

-- attempt tries the first job of a group.
function pump.attempt(g, score, out)
  for _, key in ipairs(g.keys) do
    if slots.full(key) then return order.move(g, key) end
  end
  local job, jobScore, resource = room.head(g)
  if resource and call('HSETNX', P .. 'taken', resource, job) == 0 then
    return room.park(g, job, jobScore, resource)
  end
  local generation = pump.grant(g, job, jobScore, resource, score)
  for _, word in ipairs({job, generation, g.name}) do out[#out + 1] = word end
end

-- step does one thing and returns false when there is nothing to do.
function pump.step(out)
  local ring, account, score = pump.ringTop()
  local woken, wokenScore = pump.wakeTop(ring and pump.rank(ring, score))
  if woken == 'again' then return true end
  if woken then
    pump.attempt(woken, wokenScore, out)
  elseif ring then
    local first = call('ZRANGE', P .. 'ring:' .. ring .. ' ' .. account, 0, 0)[1]
    pump.attempt(room.groupOf(first), score, out)
  else
    return false
  end
  return true
end

-- pump grants until nothing can be granted or MOVES is used up. It returns the script's
-- answer: OK, what is left to do (0 nothing, 1 more, 2 recalls), then job, generation,
-- group, ...
function pump.run()
  local out = {'OK', '0'}
  if state.n + MOVES >= 1e9 then -- generations of this epoch are used up
    call('HDEL', stateKey, 'epoch')
    return {'NOTREADY'}
  end
  local work = MOVES
  if state.recalls then work = pump.recall(work) end
  local granted, before = call('ZCARD', P .. 'marks'), state.n
  while work > 0 and granted + state.n - before < state.window do
    if not pump.step(out) then break end
    work = work - 1
  end
  for _, g in pairs(room.groups) do room.forget(g) end
  slots.flush()
  if state.n > before then order.save() end
  if work <= 0 then out[2] = state.recalls and '2' or '1' end
  return out
end
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
