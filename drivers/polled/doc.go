// Package polled is what drivers of readers that answer when asked have in common, one reader on a line: when to look
// for cards, what becomes of silence, and how a signal turns into colours and beeps over time for readers that cannot do
// that themselves. It knows no protocol: that is the driver's Dialect. Cards, hold-off, state and metrics are package solo's.
//
// # Cadence
//
// The reader is met (Dialect.Greet), then looked at every 50 ms, which begins when the look before has ended. While the
// gateway takes no card it is not looked at. Every two seconds it is asked for a sign of life, which also tells whether it
// lost its power in between. Lights go before looks.
//
// # Silence
//
// A question without a usable answer is asked again, after the line has been quiet for 50 ms: what is left of a late
// answer must not be taken for the answer to the next question. After the third in a row the reader is lost. It is met
// anew after a pause that doubles from 250 ms to 5 s.
//
// # Lights
//
// A momentary signal is over within a second and is followed by the steady one, which the driver of the reader sends
// again: none of these readers goes back by itself.
package polled
