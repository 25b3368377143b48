-- room.lua: the waiting room.
--
--   waiting  hash  job -> "group number[ resource]"
--   groups   hash  "<r> <name>" -> group number
--   q:<n>    zset  jobs of group n by band and deadline
--   p:<n>    zset  its parked jobs: their resource is taken by another job
--   r:<res>  zset  the jobs parked for one resource
-- A job is in q or in p. What its group shares is stored once, in g:<n>.

local groups = {}

local function groupOf(n)
  local g = groups[n]
  if g then return g end
  local v = call('HMGET', P .. 'g:' .. n, 'ring', 'name', 'account', 'keys', 'turn', 'at')
  g = {n = n, ring = v[1], name = v[2], account = v[3], list = v[4], keys = words(v[4]),
    turn = tonumber(v[5]), at = v[6]}
  groups[n] = g
  return g
end

local function describe(g)
  call('HSET', P .. 'g:' .. g.n, 'ring', g.ring, 'name', g.name, 'account', g.account,
    'keys', g.list, 'turn', text(g.turn))
end

-- openGroup finds or makes a group. Newer keys replace the older ones; the group then
-- leaves its line, which was chosen by the older.
local function openGroup(ring, name, account, list)
  local n = call('HGET', P .. 'groups', ring .. ' ' .. name)
  if not n then
    n = text(call('HINCRBY', stateKey, 'groups', 1))
    call('HSET', P .. 'groups', ring .. ' ' .. name, n)
    local g = {n = n, ring = ring, name = name, account = account, list = list,
      keys = words(list), turn = nextTurn(), at = false}
    describe(g)
    groups[n] = g
    return g
  end
  local g = groupOf(n)
  if g.account ~= account or g.list ~= list then
    if g.at then move(g, false) end
    g.account, g.list, g.keys = account, list, words(list)
    describe(g)
  end
  return g
end

-- settle is called when a group may have lost its last job.
local function settle(g)
  if call('EXISTS', P .. 'q:' .. g.n) == 1 then return end
  if g.at then move(g, false) end
  if call('EXISTS', P .. 'p:' .. g.n) == 1 then return end
  call('DEL', P .. 'g:' .. g.n)
  call('HDEL', P .. 'groups', g.ring .. ' ' .. g.name)
  groups[g.n] = nil
end

local function resourceOf(place) return place:match(' (.*)$') end

-- withdraw takes a waiting job out; place is its record in waiting.
local function withdraw(job, place)
  local g = groupOf(place:match('^%d+'))
  if call('ZREM', P .. 'q:' .. g.n, job) == 0 then
    call('ZREM', P .. 'p:' .. g.n, job)
    call('ZREM', P .. 'r:' .. resourceOf(place), job)
  end
  call('HDEL', P .. 'waiting', job)
  settle(g)
end

-- reorder changes only a waiting job's score.
local function reorder(job, g, place, score)
  if call('ZSCORE', P .. 'q:' .. g.n, job) then
    call('ZADD', P .. 'q:' .. g.n, score, job)
  else
    call('ZADD', P .. 'p:' .. g.n, score, job)
    call('ZADD', P .. 'r:' .. resourceOf(place), score, job)
  end
end

-- enqueue puts a job into the room, or moves it there to its new request.
local function enqueue(job, score, ring, name, account, list, resource)
  local function placeIn(g) return resource == '' and g.n or g.n .. ' ' .. resource end
  local g = openGroup(ring, name, account, list)
  local was = call('HGET', P .. 'waiting', job)
  if was and was == placeIn(g) then
    reorder(job, g, was, score)
  else
    if was then
      withdraw(job, was)
      g = openGroup(ring, name, account, list)
    end
    call('HSET', P .. 'waiting', job, placeIn(g))
    call('ZADD', P .. 'q:' .. g.n, score, job)
  end
  if not g.at and call('EXISTS', P .. 'q:' .. g.n) == 1 then move(g, 'ring') end
end

-- park takes a job out of its group's way while another holds its resource.
local function park(g, job, score, resource)
  call('ZADD', P .. 'p:' .. g.n, score, job)
  call('ZADD', P .. 'r:' .. resource, score, job)
  call('ZREM', P .. 'q:' .. g.n, job)
  settle(g)
end
