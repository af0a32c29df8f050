/* Prints what offsets.go must say about the CPython whose headers it is
   compiled with: one "field value" a line, the fields as Go names them. */
#define Py_BUILD_CORE 1
#include <Python.h>
#include <stddef.h>
#include <stdio.h>
#if PY_VERSION_HEX >= 0x03090000
#include <internal/pycore_runtime.h>
#include <internal/pycore_interp.h>
#else
#include <internal/pycore_pystate.h>
#endif
#if PY_VERSION_HEX < 0x030B0000
#include <frameobject.h>
#else
#include <internal/pycore_frame.h>
#endif
#include <internal/pycore_gil.h>
#if PY_VERSION_HEX >= 0x030E0000
#include <internal/pycore_interpframe_structs.h>
#endif

#define V(name, value) printf(name " %lld\n", (long long)(value))
#define O(name, type, field) V(name, offsetof(type, field))
#define ABSENT(name) V(name, -1)

#if PY_VERSION_HEX < 0x03090000
typedef struct _is interpreter;
#else
typedef PyInterpreterState interpreter;
#endif

/* The lowest bit of state.kind in the 32-bit word that state is. */
static int kind_shift(void)
{
	PyASCIIObject o;
	unsigned int word;

	memset(&o, 0, sizeof(o));
	o.state.kind = 7;
	memcpy(&word, &o.state, sizeof(word));
	return __builtin_ctz(word);
}

#if PY_VERSION_HEX < 0x030B0000
#define FRAME_SIZE sizeof(PyFrameObject)
#else
#define FRAME_SIZE sizeof(_PyInterpreterFrame)
#endif

int main(void)
{
	O("Runtime.InterpretersHead", _PyRuntimeState, interpreters.head);
	O("Runtime.InterpretersMain", _PyRuntimeState, interpreters.main);
#if PY_VERSION_HEX < 0x030C0000
	O("Runtime.GIL", _PyRuntimeState, ceval.gil);
	O("Runtime.Current", _PyRuntimeState, gilstate.tstate_current);
#else
	ABSENT("Runtime.GIL");
	ABSENT("Runtime.Current");
#endif
#if PY_VERSION_HEX < 0x03090000
	V("Interpreter.Next", 0);
	V("Interpreter.ThreadsHead", 8);
	O("Interpreter.ID", interpreter, id);
#elif PY_VERSION_HEX < 0x030B0000
	O("Interpreter.Next", interpreter, next);
	O("Interpreter.ThreadsHead", interpreter, tstate_head);
	O("Interpreter.ID", interpreter, id);
#else
	O("Interpreter.Next", interpreter, next);
	O("Interpreter.ThreadsHead", interpreter, threads.head);
	O("Interpreter.ID", interpreter, id);
#endif
#if PY_VERSION_HEX < 0x030C0000
	ABSENT("Interpreter.CevalGIL");
	ABSENT("Interpreter.GIL");
#else
	O("Interpreter.CevalGIL", interpreter, ceval.gil);
	O("Interpreter.GIL", interpreter, _gil);
#endif
	O("GIL.LastHolder", struct _gil_runtime_state, last_holder);
	O("GIL.Locked", struct _gil_runtime_state, locked);
	O("GIL.SwitchNumber", struct _gil_runtime_state, switch_number);
	O("GIL.Cond", struct _gil_runtime_state, cond);
	O("GIL.Mutex", struct _gil_runtime_state, mutex);
	O("GIL.SwitchCond", struct _gil_runtime_state, switch_cond);
	O("GIL.SwitchMutex", struct _gil_runtime_state, switch_mutex);
	V("GIL.Size", sizeof(struct _gil_runtime_state));
#ifdef Py_GIL_DISABLED
	O("GIL.Enabled", struct _gil_runtime_state, enabled);
#else
	ABSENT("GIL.Enabled");
#endif
	O("Thread.Next", PyThreadState, next);
	O("Thread.Interp", PyThreadState, interp);
	O("Thread.ThreadID", PyThreadState, thread_id);
#if PY_VERSION_HEX < 0x030B0000
	O("Thread.CurrentFrame", PyThreadState, frame);
	ABSENT("Thread.CFrame");
	ABSENT("Thread.NativeThreadID");
#elif PY_VERSION_HEX < 0x030D0000
	ABSENT("Thread.CurrentFrame");
	O("Thread.CFrame", PyThreadState, cframe);
	O("Thread.NativeThreadID", PyThreadState, native_thread_id);
#else
	O("Thread.CurrentFrame", PyThreadState, current_frame);
	ABSENT("Thread.CFrame");
	O("Thread.NativeThreadID", PyThreadState, native_thread_id);
#endif
#if PY_VERSION_HEX < 0x030D0000
	ABSENT("Interpreter.Size");
	ABSENT("Thread.EvalBreaker");
	ABSENT("Thread.State");
#else
	V("Interpreter.Size", sizeof(interpreter));
	O("Thread.EvalBreaker", PyThreadState, eval_breaker);
	O("Thread.State", PyThreadState, state);
#endif
#if PY_VERSION_HEX >= 0x030B0000 && PY_VERSION_HEX < 0x030D0000
	O("CFrame.CurrentFrame", _PyCFrame, current_frame);
#else
	ABSENT("CFrame.CurrentFrame");
#endif
#if PY_VERSION_HEX < 0x030B0000
	O("Frame.Executable", PyFrameObject, f_code);
	O("Frame.Previous", PyFrameObject, f_back);
	ABSENT("Frame.InstrPtr");
	O("Frame.Lasti", PyFrameObject, f_lasti);
	ABSENT("Frame.Owner");
	O("Frame.Localsplus", PyFrameObject, f_localsplus);
#else
#if PY_VERSION_HEX < 0x030D0000
	O("Frame.Executable", _PyInterpreterFrame, f_code);
	O("Frame.InstrPtr", _PyInterpreterFrame, prev_instr);
#else
	O("Frame.Executable", _PyInterpreterFrame, f_executable);
	O("Frame.InstrPtr", _PyInterpreterFrame, instr_ptr);
#endif
	O("Frame.Previous", _PyInterpreterFrame, previous);
	ABSENT("Frame.Lasti");
	O("Frame.Owner", _PyInterpreterFrame, owner);
	O("Frame.Localsplus", _PyInterpreterFrame, localsplus);
#endif
	V("Frame.Size", FRAME_SIZE);
	O("Code.Flags", PyCodeObject, co_flags);
	O("Code.Firstlineno", PyCodeObject, co_firstlineno);
	O("Code.Filename", PyCodeObject, co_filename);
	O("Code.Name", PyCodeObject, co_name);
#if PY_VERSION_HEX < 0x030B0000
	ABSENT("Code.Qualname");
	ABSENT("Code.CodeAdaptive");
#else
	O("Code.Qualname", PyCodeObject, co_qualname);
	O("Code.CodeAdaptive", PyCodeObject, co_code_adaptive);
#endif
#if PY_VERSION_HEX < 0x030A0000
	O("Code.Linetable", PyCodeObject, co_lnotab);
#else
	O("Code.Linetable", PyCodeObject, co_linetable);
#endif
#if PY_VERSION_HEX < 0x030C0000
	ABSENT("Code.Version");
	ABSENT("Code.InstrumentationVersion");
#else
	O("Code.Version", PyCodeObject, co_version);
	O("Code.InstrumentationVersion", PyCodeObject, _co_instrumentation_version);
#endif
	O("Object.Type", PyObject, ob_type);
	O("Type.Name", PyTypeObject, tp_name);
	O("Type.Dealloc", PyTypeObject, tp_dealloc);
	O("Unicode.Length", PyASCIIObject, length);
	O("Unicode.State", PyASCIIObject, state);
	V("Unicode.KindShift", kind_shift());
	V("Unicode.ASCIISize", sizeof(PyASCIIObject));
	V("Unicode.CompactSize", sizeof(PyCompactUnicodeObject));
	return 0;
}
