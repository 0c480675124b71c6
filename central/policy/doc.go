// Package policy is what one university has decided about attendance, as data: how taps become marks, what counts, and which
// rules follow with which numbers. Every version says from which day it applies and to whom; a judgement names the version that
// made it. The package reads and checks policies and finds the one in force; it judges nobody.
//
// A number that a source document does not give is allowed, since somebody must decide it, but it must be named under
// not_from_policy with the reason, and is shown to people as such.
package policy
