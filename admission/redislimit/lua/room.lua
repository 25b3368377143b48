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
