// Package appliance is one gateway as a campus would run it, to be measured from outside: the real program as a process of
// its own, enrolled, with a journal, the timetable of a whole university and simulated readers on a real pseudo-terminal.
// Central alone is a stand-in, so that it takes little from the machine. What is measured, and what it should come to, is
// decided elsewhere.
package appliance
