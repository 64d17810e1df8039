/* runtime/ops/user_operators.c: see user_operators.h.
 *
 * A Python function that the look-up finds in a heap type says more than itself: then the type's slot is the generic one of
 * typeobject.c, which calls just that function (typeobject.c, update_one_slot). So slots are not compared with functions that
 * CPython keeps to itself.
 */
#include "runtime/ops/user_operators.h"

#include "runtime/native_call.h"

char user_elsewhere;

/* ---- Methods ------------------------------------------------------------------------------------------ */

enum special {
    SPECIAL_NONE,
    /* Three for each plain operator, in the order of BINARY_OP's numbers: a method, its reflected and its in-place form. */
    SPECIAL_BINARY,
    SPECIAL_COMPARE = SPECIAL_BINARY + 3 * NB_INPLACE_ADD, /* six, from Py_LT on */
    SPECIAL_NEGATIVE = SPECIAL_COMPARE + 6,
    SPECIAL_INVERT,
    SPECIAL_BOOL,
    SPECIAL_LEN,
    SPECIAL_CONTAINS,
    SPECIAL_GETITEM,
    SPECIAL_SETITEM,
    SPECIAL_ITER,
    SPECIAL_NEXT,
    SPECIAL_CALL,
    SPECIAL_COUNT,
};

#define BINARY_NAMES(op, name)                                                                                       \
    [SPECIAL_BINARY + 3 * (op)] = &_Py_ID(__##name##__), [SPECIAL_BINARY + 3 * (op) + 1] = &_Py_ID(__r##name##__),   \
                          [SPECIAL_BINARY + 3 * (op) + 2] = &_Py_ID(__i##name##__)
static PyObject *const special_names[SPECIAL_COUNT] = {
    BINARY_NAMES(NB_ADD, add),
    BINARY_NAMES(NB_AND, and),
    BINARY_NAMES(NB_FLOOR_DIVIDE, floordiv),
    BINARY_NAMES(NB_LSHIFT, lshift),
    BINARY_NAMES(NB_MATRIX_MULTIPLY, matmul),
    BINARY_NAMES(NB_MULTIPLY, mul),
    BINARY_NAMES(NB_REMAINDER, mod),
    BINARY_NAMES(NB_OR, or),
    BINARY_NAMES(NB_POWER, pow),
    BINARY_NAMES(NB_RSHIFT, rshift),
    BINARY_NAMES(NB_SUBTRACT, sub),
    BINARY_NAMES(NB_TRUE_DIVIDE, truediv),
    BINARY_NAMES(NB_XOR, xor),
    [SPECIAL_COMPARE + Py_LT] = &_Py_ID(__lt__),
    [SPECIAL_COMPARE + Py_LE] = &_Py_ID(__le__),
    [SPECIAL_COMPARE + Py_EQ] = &_Py_ID(__eq__),
    [SPECIAL_COMPARE + Py_NE] = &_Py_ID(__ne__),
    [SPECIAL_COMPARE + Py_GT] = &_Py_ID(__gt__),
    [SPECIAL_COMPARE + Py_GE] = &_Py_ID(__ge__),
    [SPECIAL_NEGATIVE] = &_Py_ID(__neg__),
    [SPECIAL_INVERT] = &_Py_ID(__invert__),
    [SPECIAL_BOOL] = &_Py_ID(__bool__),
    [SPECIAL_LEN] = &_Py_ID(__len__),
    [SPECIAL_CONTAINS] = &_Py_ID(__contains__),
    [SPECIAL_GETITEM] = &_Py_ID(__getitem__),
    [SPECIAL_SETITEM] = &_Py_ID(__setitem__),
    [SPECIAL_ITER] = &_Py_ID(__iter__),
    [SPECIAL_NEXT] = &_Py_ID(__next__),
    [SPECIAL_CALL] = &_Py_ID(__call__),
};

/* What a class has under a special name, as long as its version stands: a function (borrowed), or NULL for anything else. */
struct known_method {
    uint32_t version;
    uint32_t special;
    PyFunctionObject *function;
};
enum { KNOWN_METHODS = 512 };
static struct known_method known_methods[KNOWN_METHODS];

__attribute__((noinline)) static PyFunctionObject *look_method_up(PyTypeObject *type, enum special special,
                                                                  struct known_method *known)
{
    PyObject *found = _PyType_Lookup(type, special_names[special]);
    PyFunctionObject *function = found != NULL && PyFunction_Check(found) ? (PyFunctionObject *)found : NULL;
    if (type->tp_version_tag != 0) {
        *known = (struct known_method){type->tp_version_tag, special, function};
    }
    return function;
}

/* The Python function that a heap type has under the name, borrowed, or NULL. Runs no code, raises nothing. */
static inline PyFunctionObject *method_of(PyTypeObject *type, enum special special)
{
    uint32_t version = type->tp_version_tag;
    struct known_method *known = &known_methods[(version * 21 + (uint32_t)special) % KNOWN_METHODS];
    if (LIKELY(known->version == version && known->special == (uint32_t)special)) {
        return known->function;
    }
    return look_method_up(type, special, known);
}

/* The method of an object of a class of the program's, or NULL. */
static inline PyFunctionObject *method_of_object(PyObject *object, enum special special)
{
    PyTypeObject *type = Py_TYPE(object);
    return user_is_class(type) ? method_of(type, special) : NULL;
}

/* Arguments borrowed. */
__attribute__((noinline)) static PyObject *call_with_one(PyFunctionObject *function, PyObject *self)
{
    return native_call(_PyThreadState_GET(), function, self, NULL, NULL, 1, false);
}

__attribute__((noinline)) static PyObject *call_with_two(PyFunctionObject *function, PyObject *self, PyObject *other)
{
    return native_call(_PyThreadState_GET(), function, self, other, NULL, 2, false);
}

/* The same for whatever the class of `self` has under the name now: NotImplemented when it has nothing. (typeobject.c,
 * vectorcall_maybe) */
static PyObject *call_whatever(PyObject *self, PyObject *name, PyObject *other)
{
    PyObject *method = _PyType_Lookup(Py_TYPE(self), name);
    if (method == NULL) {
        return Py_NewRef(Py_NotImplemented);
    }
    if (PyFunction_Check(method)) {
        return call_with_two((PyFunctionObject *)method, self, other);
    }
    Py_INCREF(method);
    PyObject *arguments[] = {self, other};
    bool unbound = (Py_TYPE(method)->tp_flags & Py_TPFLAGS_METHOD_DESCRIPTOR) != 0;
    descrgetfunc get = Py_TYPE(method)->tp_descr_get;
    if (!unbound && get != NULL) {
        PyObject *bound = get(method, self, (PyObject *)Py_TYPE(self));
        Py_SETREF(method, bound);
    }
    PyObject *result = NULL;
    if (method != NULL) {
        result = PyObject_Vectorcall(method, arguments + !unbound, (size_t)(1 + unbound), NULL);
        Py_DECREF(method);
    }
    return result;
}

/* ---- Pairs of classes ----------------------------------------------------------------------------------- */

/* The Python function that operands of two classes are given to first, as long as both classes have these versions: of the left operand's
 * class, or (`reflected`) of the right one's. All else that decides on it (slots, base classes) changes with a version too. */
struct known_pair {
    uint32_t left;
    uint32_t right;
    uint16_t operation; /* BINARY_OP's number + 1, or PAIR_COMPARE + Py_LT and so on */
    bool reflected;
    PyFunctionObject *function; /* borrowed */
};
enum { PAIR_COMPARE = 32, KNOWN_PAIRS = 512 };
static struct known_pair known_pairs[KNOWN_PAIRS];

static inline struct known_pair *place_of_pair(PyTypeObject *left, PyTypeObject *right, int operation)
{
    uint32_t hash = left->tp_version_tag * 21 + right->tp_version_tag * 7 + (uint32_t)operation;
    return &known_pairs[hash % KNOWN_PAIRS];
}

static inline bool is_pair(const struct known_pair *pair, PyTypeObject *left, PyTypeObject *right, int operation)
{
    return pair->left == left->tp_version_tag && pair->right == right->tp_version_tag && pair->operation == operation;
}

static void remember_pair(PyTypeObject *left, PyTypeObject *right, int operation, PyFunctionObject *function,
                          bool reflected)
{
    if (!(right->tp_flags & Py_TPFLAGS_VALID_VERSION_TAG)) {
        _PyType_Lookup(right, &_Py_ID(__class__)); /* gives it a version */
    }
    if (left->tp_version_tag != 0 && right->tp_version_tag != 0) {
        *place_of_pair(left, right, operation) = (struct known_pair){left->tp_version_tag, right->tp_version_tag,
                                                                     (uint16_t)operation, reflected, function};
    }
}

/* ---- Binary operators --------------------------------------------------------------------------------- */

/* By plain operator: where its slots are, and how stock's TypeError calls it. Not the power: it has three operands. */
static const struct {
    uint16_t slot;
    uint16_t in_place_slot;
    char text[3];
} operators[NB_INPLACE_ADD] = {
#define OPERATOR(op, name, text)                                                                                     \
    [op] = {offsetof(PyNumberMethods, nb_##name), offsetof(PyNumberMethods, nb_inplace_##name), text}
    OPERATOR(NB_ADD, add, "+"),
    OPERATOR(NB_AND, and, "&"),
    OPERATOR(NB_FLOOR_DIVIDE, floor_divide, "//"),
    OPERATOR(NB_LSHIFT, lshift, "<<"),
    OPERATOR(NB_MATRIX_MULTIPLY, matrix_multiply, "@"),
    OPERATOR(NB_MULTIPLY, multiply, "*"),
    OPERATOR(NB_REMAINDER, remainder, "%"),
    OPERATOR(NB_OR, or, "|"),
    OPERATOR(NB_RSHIFT, rshift, ">>"),
    OPERATOR(NB_SUBTRACT, subtract, "-"),
    OPERATOR(NB_TRUE_DIVIDE, true_divide, "/"),
    OPERATOR(NB_XOR, xor, "^"),
#undef OPERATOR
};

static inline binaryfunc slot_at(PyTypeObject *type, uint16_t offset)
{
    PyNumberMethods *methods = type->tp_as_number;
    return methods == NULL ? NULL : *(binaryfunc *)((char *)methods + offset);
}

/* Does the operator go on to a method of a sequence when no number's method answers? */
static inline bool may_be_sequence(PyTypeObject *left_type, PyTypeObject *right_type, int plain)
{
    PySequenceMethods *left = left_type->tp_as_sequence;
    PySequenceMethods *right = right_type->tp_as_sequence;
    if (plain == NB_ADD) {
        return left != NULL && (left->sq_concat != NULL || left->sq_inplace_concat != NULL);
    }
    return plain == NB_MULTIPLY && ((left != NULL && (left->sq_repeat != NULL || left->sq_inplace_repeat != NULL)) ||
                                    (right != NULL && right->sq_repeat != NULL));
}

__attribute__((noinline, cold)) static PyObject *unsupported_operands(PyObject *left, PyObject *right, int op)
{
    bool in_place = op >= NB_INPLACE_ADD;
    return PyErr_Format(PyExc_TypeError, "unsupported operand type(s) for %s%s: '%.100s' and '%.100s'",
                        operators[in_place ? op - NB_INPLACE_ADD : op].text, in_place ? "=" : "",
                        Py_TYPE(left)->tp_name, Py_TYPE(right)->tp_name);
}

/* The left operand's method, if there is one, has said that it does not know: the right operand's turn. `right_slot` is its slot, where it is
 * another one than the left operand's. */
static PyObject *answer_of_right(PyObject *left, PyObject *right, int op, binaryfunc right_slot)
{
    int plain = op >= NB_INPLACE_ADD ? op - NB_INPLACE_ADD : op;
    PyObject *result = right_slot != NULL ? right_slot(left, right)
                                          : call_whatever(right, special_names[SPECIAL_BINARY + 3 * plain + 1], left);
    if (result == Py_NotImplemented) {
        Py_DECREF(result);
        return unsupported_operands(left, right, op);
    }
    return result;
}

/* Numbers on the left whose own operators are sure not to know the object on the right. */
static inline bool number_does_not_know(PyObject *number, PyObject *right)
{
    return (PyLong_CheckExact(number) && !PyLong_Check(right)) ||
           (PyFloat_CheckExact(number) && !PyLong_Check(right) && !PyFloat_Check(right));
}

/* The left operand's method that is asked first, where that is sure to be so; NULL otherwise. *has_other: whether the right operand is asked
 * when that method does not know, *right_slot: see answer_of_right(). */
static inline PyFunctionObject *first_method(PyTypeObject *left_type, PyTypeObject *right_type, int plain,
                                             bool *has_other, binaryfunc *right_slot)
{
    *has_other = false;
    *right_slot = NULL;
    if (left_type != right_type) {
        if (user_is_class(right_type) && PyType_IsSubtype(right_type, left_type)) {
            return NULL; /* its reflected method may come first */
        }
        *right_slot = slot_at(right_type, operators[plain].slot);
        *has_other = *right_slot != NULL;
        if (*right_slot == slot_at(left_type, operators[plain].slot)) {
            *right_slot = NULL; /* the generic one: the reflected method */
        }
    }
    return method_of(left_type, SPECIAL_BINARY + 3 * (enum special)plain);
}

/* Does a whole operation, or the rest of it when the methods asked first (`asked_in_place`, then `asked`) have said that they do not know. Borrows
 * the operands. */
__attribute__((noinline)) static PyObject *binary_by_rules(PyObject *left, PyObject *right, int op,
                                                           bool asked_in_place, bool asked)
{
    PyTypeObject *left_type = Py_TYPE(left);
    PyTypeObject *right_type = Py_TYPE(right);
    int plain = op >= NB_INPLACE_ADD ? op - NB_INPLACE_ADD : op;
    enum special special = SPECIAL_BINARY + 3 * (enum special)plain;
    if (plain == NB_POWER || may_be_sequence(left_type, right_type, plain)) {
        return USER_ELSEWHERE;
    }
    if (!user_is_class(left_type)) {
        PyFunctionObject *method = user_is_class(right_type) && number_does_not_know(left, right)
                                       ? method_of(right_type, special + 1)
                                       : NULL;
        if (method == NULL) {
            return USER_ELSEWHERE;
        }
        remember_pair(left_type, right_type, op + 1, method, true);
        return asked ? unsupported_operands(left, right, op) : answer_of_right(left, right, op, NULL);
    }
    bool has_other;
    binaryfunc right_slot;
    PyFunctionObject *method = first_method(left_type, right_type, plain, &has_other, &right_slot);
    if (method == NULL) {
        return USER_ELSEWHERE;
    }
    bool in_place = op != plain && slot_at(left_type, operators[plain].in_place_slot) != NULL;
    PyFunctionObject *changing = in_place ? method_of(left_type, special + 2) : NULL;
    if (in_place && changing == NULL) {
        return USER_ELSEWHERE;
    }
    remember_pair(left_type, right_type, op + 1, in_place ? changing : method, false);
    PyObject *result;
    if (in_place && !asked_in_place) {
        result = call_with_two(changing, left, right);
        if (result != Py_NotImplemented) {
            return result;
        }
        Py_DECREF(result);
        /* It may have changed the classes. */
        return binary_by_rules(left, right, op, true, false);
    }
    if (!asked) {
        result = call_with_two(method, left, right);
        if (result != Py_NotImplemented) {
            return result;
        }
        Py_DECREF(result);
    }
    return has_other ? answer_of_right(left, right, op, right_slot) : unsupported_operands(left, right, op);
}

PyObject *user_binary_rest(PyObject *left, PyObject *right, int op, PyObject *answer)
{
    Py_DECREF(answer);
    int plain = op >= NB_INPLACE_ADD ? op - NB_INPLACE_ADD : op;
    bool in_place =
        op != plain && user_is_class(Py_TYPE(left)) && slot_at(Py_TYPE(left), operators[plain].in_place_slot) != NULL;
    PyObject *result = binary_by_rules(left, right, op, in_place, !in_place);
    /* The classes have changed meanwhile: what is left is the plain operator. */
    return result == USER_ELSEWHERE ? rt_binary_op(Py_NewRef(left), Py_NewRef(right), plain) : result;
}

PyFunctionObject *user_binary_method(PyTypeObject *left, PyTypeObject *right, int op)
{
    int plain = op >= NB_INPLACE_ADD ? op - NB_INPLACE_ADD : op;
    if (plain == NB_POWER || !user_is_class(left) || may_be_sequence(left, right, plain)) {
        return NULL;
    }
    bool has_other;
    binaryfunc right_slot;
    PyFunctionObject *method = first_method(left, right, plain, &has_other, &right_slot);
    bool in_place = op != plain && slot_at(left, operators[plain].in_place_slot) != NULL;
    return method != NULL && in_place ? method_of(left, SPECIAL_BINARY + 3 * (enum special)plain + 2) : method;
}

PyObject *user_binary(PyObject *left, PyObject *right, int op)
{
    struct known_pair *pair = place_of_pair(Py_TYPE(left), Py_TYPE(right), op + 1);
    PyObject *result;
    if (LIKELY(is_pair(pair, Py_TYPE(left), Py_TYPE(right), op + 1))) {
        bool reflected = pair->reflected;
        result = native_call(_PyThreadState_GET(), pair->function, reflected ? right : left, reflected ? left : right,
                             NULL, 2, false);
        if (UNLIKELY(result == Py_NotImplemented)) {
            result = user_binary_rest(left, right, op, result);
        }
    } else {
        result = binary_by_rules(left, right, op, false, false);
        if (result == USER_ELSEWHERE) {
            return result;
        }
    }
    rt_release(left);
    rt_release(right);
    return result;
}

/* ---- Comparisons -------------------------------------------------------------------------------------- */

/* The left operand does not know. */
__attribute__((noinline)) static PyObject *compare_reflected(PyObject *left, PyObject *right, int op)
{
    static const uint8_t swapped[] = {
        [Py_LT] = Py_GT, [Py_LE] = Py_GE, [Py_EQ] = Py_EQ, [Py_NE] = Py_NE, [Py_GT] = Py_LT, [Py_GE] = Py_LE};
    static const char texts[][3] = {
        [Py_LT] = "<", [Py_LE] = "<=", [Py_EQ] = "==", [Py_NE] = "!=", [Py_GT] = ">", [Py_GE] = ">="};
    richcmpfunc compare = Py_TYPE(right)->tp_richcompare;
    if (compare != NULL) {
        PyObject *result = compare(right, left, swapped[op]);
        if (result != Py_NotImplemented) {
            return result;
        }
        Py_DECREF(result);
    }
    if (op == Py_EQ || op == Py_NE) {
        return Py_NewRef((left == right) == (op == Py_EQ) ? Py_True : Py_False);
    }
    return PyErr_Format(PyExc_TypeError, "'%s' not supported between instances of '%.100s' and '%.100s'", texts[op],
                        Py_TYPE(left)->tp_name, Py_TYPE(right)->tp_name);
}

PyObject *user_compare_rest(PyObject *left, PyObject *right, int op, PyObject *answer)
{
    Py_DECREF(answer);
    return compare_reflected(left, right, op);
}

PyFunctionObject *user_compare_method(PyTypeObject *left, PyTypeObject *right, int op)
{
    if (!user_is_class(left) || (left != right && user_is_class(right) && PyType_IsSubtype(right, left))) {
        return NULL;
    }
    return method_of(left, SPECIAL_COMPARE + (enum special)op);
}

/* Is there a method that is asked first? Remembers it for the pair of classes. */
__attribute__((noinline)) static bool learn_comparison(PyObject *left, PyObject *right, int op)
{
    PyTypeObject *left_type = Py_TYPE(left);
    PyTypeObject *right_type = Py_TYPE(right);
    PyFunctionObject *method = user_compare_method(left_type, right_type, op);
    if (method == NULL) {
        return false;
    }
    remember_pair(left_type, right_type, PAIR_COMPARE + op, method, false);
    return is_pair(place_of_pair(left_type, right_type, PAIR_COMPARE + op), left_type, right_type, PAIR_COMPARE + op);
}

PyObject *user_compare(PyObject *left, PyObject *right, int op)
{
    struct known_pair *pair = place_of_pair(Py_TYPE(left), Py_TYPE(right), PAIR_COMPARE + op);
    if (UNLIKELY(!is_pair(pair, Py_TYPE(left), Py_TYPE(right), PAIR_COMPARE + op)) &&
        !learn_comparison(left, right, op)) {
        return USER_ELSEWHERE;
    }
    /* Learning may have given the right operand's class its version. */
    pair = place_of_pair(Py_TYPE(left), Py_TYPE(right), PAIR_COMPARE + op);
    PyThreadState *tstate = _PyThreadState_GET();
    PyObject *result = NULL;
    if (LIKELY(!_Py_EnterRecursiveCallTstate(tstate, " in comparison"))) {
        result = native_call(tstate, pair->function, left, right, NULL, 2, false);
        if (UNLIKELY(result == Py_NotImplemented)) {
            Py_DECREF(result);
            result = compare_reflected(left, right, op);
        }
        _Py_LeaveRecursiveCallTstate(tstate);
    }
    rt_release(left);
    rt_release(right);
    return result;
}

/* ---- Everything else ------------------------------------------------------------------------------------ */

PyObject *user_unary(PyObject *operand, int opcode)
{
    if (opcode == UNARY_POSITIVE) {
        return USER_ELSEWHERE;
    }
    PyFunctionObject *method =
        method_of_object(operand, opcode == UNARY_NEGATIVE ? SPECIAL_NEGATIVE : SPECIAL_INVERT);
    return method == NULL ? USER_ELSEWHERE : call_with_one(method, operand);
}

int user_truth(PyObject *value)
{
    PyTypeObject *type = Py_TYPE(value);
    if (!user_is_class(type)) {
        return USER_ELSEWHERE_INT;
    }
    if (type->tp_as_number == NULL || type->tp_as_number->nb_bool == NULL) {
        if (type->tp_as_mapping != NULL && type->tp_as_mapping->mp_length == NULL && type->tp_as_sequence != NULL &&
            type->tp_as_sequence->sq_length == NULL) {
            return 1;
        }
        Py_ssize_t length = user_length(value);
        return length > 0 ? 1 : (int)length;
    }
    PyFunctionObject *method = method_of(type, SPECIAL_BOOL);
    if (method == NULL) {
        return USER_ELSEWHERE_INT;
    }
    PyObject *result = call_with_one(method, value);
    if (UNLIKELY(result == NULL)) {
        return -1;
    }
    int truth = result == Py_True;
    if (UNLIKELY(!PyBool_Check(result))) {
        PyErr_Format(PyExc_TypeError, "__bool__ should return bool, returned %s", Py_TYPE(result)->tp_name);
        truth = -1;
    }
    Py_DECREF(result);
    return truth;
}

/* What a __len__ has returned, stolen, as a length. */
__attribute__((noinline)) static Py_ssize_t length_from(PyObject *result)
{
    Py_SETREF(result, _PyNumber_Index(result));
    if (result == NULL) {
        return -1;
    }
    Py_ssize_t length = -1;
    if (_PyLong_Sign(result) < 0) {
        PyErr_SetString(PyExc_ValueError, "__len__() should return >= 0");
    } else {
        length = PyNumber_AsSsize_t(result, PyExc_OverflowError);
    }
    Py_DECREF(result);
    return length;
}

Py_ssize_t user_length(PyObject *container)
{
    PyFunctionObject *method = method_of_object(container, SPECIAL_LEN);
    if (method == NULL) {
        return USER_ELSEWHERE_INT;
    }
    PyObject *result = call_with_one(method, container);
    if (UNLIKELY(result == NULL)) {
        return -1;
    }
    if (LIKELY(PyLong_CheckExact(result) && (size_t)Py_SIZE(result) <= 1)) {
        Py_ssize_t length = Py_SIZE(result) * (Py_ssize_t)((PyLongObject *)result)->ob_digit[0];
        rt_release(result);
        return length;
    }
    return length_from(result);
}

PyObject *user_length_of(PyObject *result)
{
    Py_ssize_t length = length_from(result);
    return length < 0 ? NULL : PyLong_FromSsize_t(length);
}

static PyFunctionObject *method_of_class(PyTypeObject *type, enum special special)
{
    return user_is_class(type) ? method_of(type, special) : NULL;
}

PyFunctionObject *user_contains_method(PyTypeObject *container)
{
    return method_of_class(container, SPECIAL_CONTAINS);
}

PyFunctionObject *user_length_method(PyTypeObject *container)
{
    return method_of_class(container, SPECIAL_LEN);
}

PyFunctionObject *user_subscript_method(PyTypeObject *container)
{
    return method_of_class(container, SPECIAL_GETITEM);
}

PyFunctionObject *user_store_subscript_method(PyTypeObject *container)
{
    return method_of_class(container, SPECIAL_SETITEM);
}

PyFunctionObject *user_call_method_of(PyTypeObject *type)
{
    return method_of_class(type, SPECIAL_CALL);
}

int user_contains(PyObject *container, PyObject *value)
{
    PyFunctionObject *method = method_of_object(container, SPECIAL_CONTAINS);
    if (method == NULL) {
        return USER_ELSEWHERE_INT;
    }
    PyObject *result = call_with_two(method, container, value);
    return result == NULL ? -1 : rt_truth(result);
}

PyObject *user_subscript(PyObject *container, PyObject *key)
{
    PyFunctionObject *method = method_of_object(container, SPECIAL_GETITEM);
    if (method == NULL) {
        return USER_ELSEWHERE;
    }
    /* Tier 0 moves the operands into the callee's frame. (ceval.c, BINARY_SUBSCR_GETITEM) */
    return native_call(_PyThreadState_GET(), method, container, key, NULL, 2, true);
}

int user_store_subscript(PyObject *container, PyObject *key, PyObject *value)
{
    PyFunctionObject *method = method_of_object(container, SPECIAL_SETITEM);
    if (method == NULL) {
        return USER_ELSEWHERE_INT;
    }
    PyObject *result = native_call(_PyThreadState_GET(), method, container, key, value, 3, false);
    Py_XDECREF(result);
    return result == NULL ? -1 : 0;
}

PyObject *user_iter(PyObject *iterable)
{
    PyFunctionObject *method = method_of_object(iterable, SPECIAL_ITER);
    if (method == NULL) {
        return USER_ELSEWHERE;
    }
    PyObject *iterator = call_with_one(method, iterable);
    if (iterator != NULL && UNLIKELY(!PyIter_Check(iterator))) {
        PyErr_Format(PyExc_TypeError, "iter() returned non-iterator of type '%.100s'", Py_TYPE(iterator)->tp_name);
        Py_CLEAR(iterator);
    }
    return iterator;
}

PyFunctionObject *user_call_method(PyObject *callable)
{
    return method_of_object(callable, SPECIAL_CALL);
}

PyObject *user_next(PyObject *iterator)
{
    PyFunctionObject *method = method_of_object(iterator, SPECIAL_NEXT);
    return method == NULL ? USER_ELSEWHERE : call_with_one(method, iterator);
}
