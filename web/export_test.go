package web

// LimitInFlight lets a test fill a few places instead of all.
var LimitInFlight = limitInFlight
