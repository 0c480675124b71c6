// Package timetable keeps one building's timetable as an immutable index: which card belongs to whom, which registers
// are open at a point, who is on their lists. It survives restarts and outages as a signed file and follows central by
// a long poll. It judges nothing and knows no policy: windows arrive as instants.
package timetable
