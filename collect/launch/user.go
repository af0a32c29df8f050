package launch

import (
	"os/user"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// User is a user whom a command is run as.
type User struct {
	UID, GID int
	Groups   []int // supplementary; with GID
	Name     string
	Home     string
}

// SudoUser is who called sudo, when pytop runs as root by it; nil when it
// does not, or when root called sudo. env is pytop's environment.
func SudoUser(effectiveUID int, env func(string) string) *User {
	if effectiveUID != 0 {
		return nil
	}
	uid, err := strconv.Atoi(env("SUDO_UID"))
	if err != nil || uid <= 0 {
		return nil
	}
	gid, err := strconv.Atoi(env("SUDO_GID"))
	if err != nil || gid < 0 {
		return nil
	}
	u := &User{UID: uid, GID: gid, Groups: []int{gid}, Name: env("SUDO_USER"), Home: env("SUDO_HOME")}
	account, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return u // a number is enough to run as
	}
	u.Name, u.Home = account.Username, account.HomeDir
	if groups, err := account.GroupIds(); err == nil {
		for _, group := range groups {
			if id, err := strconv.Atoi(group); err == nil && !slices.Contains(u.Groups, id) {
				u.Groups = append(u.Groups, id)
			}
		}
	}
	return u
}

// credential is what the kernel is told to run a command as the user. All
// capabilities go with it.
func (u *User) credential() *syscall.Credential {
	c := &syscall.Credential{Uid: uint32(u.UID), Gid: uint32(u.GID)}
	for _, group := range u.Groups {
		c.Groups = append(c.Groups, uint32(group))
	}
	return c
}

// environ is env with what sudo had changed for root set back, as far as it
// can be known: PATH stays as sudo made it.
func (u *User) environ(env []string) []string {
	set := []string{"USER=" + u.Name, "LOGNAME=" + u.Name, "HOME=" + u.Home}
	drop := []string{"USER=", "LOGNAME=", "HOME=", "MAIL=",
		"SUDO_COMMAND=", "SUDO_USER=", "SUDO_UID=", "SUDO_GID=", "SUDO_HOME="}
	out := slices.DeleteFunc(slices.Clone(env), func(entry string) bool {
		return slices.ContainsFunc(drop, func(name string) bool { return strings.HasPrefix(entry, name) })
	})
	for _, entry := range set {
		if !strings.HasSuffix(entry, "=") { // not known: better unset than root's
			out = append(out, entry)
		}
	}
	return out
}
