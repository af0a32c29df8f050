package site

// A value is where something came from: what a register held at an entry, what
// was read from memory, another value plus a constant. Equal numbers are equal
// values. unknown is equal to nothing, not even to itself.
type value int32

const unknown value = 0

type origin struct {
	kind originKind
	base value
	n    int64 // constant, offset, or register + mostRegisters * entry
}

// register is which register held a value at the entry.
func (o origin) register() Register { return Register(o.n % mostRegisters) }

type originKind uint8

const (
	atEntry  originKind = iota + 1 // see register
	loaded                         // 64 bits at [base + n]
	plus                           // base + n
	masked                         // base without its lowest bits
	lowHalf                        // the low 32 bits of base
	constant                       // n
	row                            // an entry, of n bytes, of the table at base; base unknown: of a table somewhere
	leap                           // a row of four bytes plus the address of its table: where a switch goes
	compared                       // whatever was compared
)

// values numbers origins.
type values struct {
	origins []origin
	numbers map[origin]value
}

func newValues() *values {
	return &values{origins: make([]origin, 1, 256), numbers: map[origin]value{}}
}

func (v *values) number(o origin) value {
	if n, ok := v.numbers[o]; ok {
		return n
	}
	n := value(len(v.origins))
	v.origins, v.numbers[o] = append(v.origins, o), n
	return n
}

// entry is what a register held at an entry.
func (v *values) entry(entry int, r Register) value {
	return v.number(origin{kind: atEntry, n: int64(entry)*mostRegisters + int64(r)})
}

// split is a value as another plus a constant.
func (v *values) split(x value) (value, int64) {
	if o := v.origins[x]; o.kind == plus {
		return o.base, o.n
	}
	return x, 0
}

func (v *values) add(x value, n int64) value {
	if x == unknown {
		return unknown
	}
	if o := v.origins[x]; o.kind == constant {
		return v.number(origin{kind: constant, n: o.n + n})
	}
	base, k := v.split(x)
	if k+n == 0 {
		return base
	}
	return v.number(origin{kind: plus, base: base, n: k + n})
}

func (v *values) load(x value, offset int64) value {
	base, k := v.split(x)
	if base == unknown || v.origins[base].kind == constant {
		return unknown
	}
	return v.number(origin{kind: loaded, base: base, n: k + offset})
}

func (v *values) mask(x value, n int64) value {
	const tags = 16 // a pointer's lowest bits, at most: objects are aligned to 16
	if x == unknown || n >= 0 || n < -tags {
		return unknown
	}
	if v.origins[x].kind == masked {
		return x
	}
	return v.number(origin{kind: masked, base: x})
}

func (v *values) low(x value) value {
	if x == unknown || v.origins[x].kind == lowHalf {
		return x
	}
	if o := v.origins[x]; o.kind == constant {
		return v.number(origin{kind: constant, n: int64(uint32(o.n))})
	}
	return v.number(origin{kind: lowHalf, base: x})
}

func (v *values) constant(n int64) value { return v.number(origin{kind: constant, n: n}) }
