// Package contract is what a gateway and central say to each other: the nouns that cross the wire and their exact octets.
// It decides nothing, stores nothing and imports only the standard library.
//
// Central owns it because central is upgraded first and accepts gateways a year old: fields are added and never reused,
// and the golden bytes of each version stay in testdata for ever.
package contract
