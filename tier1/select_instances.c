/* tier1/select_instances.c: selects calls of classes whose instances object's __new__ or a Python one makes (templates/instances.c). */
#include "runtime/instance.h"
#include "tier1/select_calls.h"

/* What a callee that is at hand makes of the call. */
enum instantiation { INSTANTIATION_OTHER, INSTANTIATION_EMPTY, INSTANTIATION_BY_FUNCTION };

static enum instantiation classify(PyObject *callee, const struct call_site *site)
{
    if (callee == NULL || !PyType_Check(callee) || Py_TYPE(callee)->tp_call != PyType_Type.tp_call ||
        site->keyword_names != NULL) {
        return INSTANTIATION_OTHER;
    }
    PyTypeObject *class = (PyTypeObject *)callee;
    if (instance_class_new(class) != NULL) {
        return INSTANTIATION_BY_FUNCTION;
    }
    if (class->tp_vectorcall != NULL || !instance_class_is_plain(class)) {
        return INSTANTIATION_OTHER;
    }
    if (class->tp_init == PyBaseObject_Type.tp_init) {
        return site->nargs == 0 ? INSTANTIATION_EMPTY : INSTANTIATION_OTHER;
    }
    PyObject *initializer = _PyType_Lookup(class, &_Py_ID(__init__));
    return initializer != NULL && PyFunction_Check(initializer) ? INSTANTIATION_BY_FUNCTION : INSTANTIATION_OTHER;
}

bool select_instantiation(struct emitter *emitter, struct call_site *site)
{
    bool sure;
    enum instantiation kind = classify(guess_callee(emitter, &sure), site);
    int32_t arguments = site->nargs + 2; /* with the instance, plus 1 */
    if (kind == INSTANTIATION_OTHER || (site->cell->arguments > 0 && site->cell->arguments != arguments)) {
        return false;
    }
    stack_flush(emitter);
    for (int i = 0; i < site->nargs + 2; i++) {
        stack_spill(emitter, &site->operands[i]);
    }
    site->cell->arguments = arguments;
    int slow = emitter_new_label(emitter);
    struct item *item =
        emitter_add(emitter, kind == INSTANTIATION_EMPTY ? TEMPLATE_NEW_INSTANCE : TEMPLATE_BEGIN_INSTANCE);
    item->holes[HOLE_H_D] = emitter_slot(emitter, site->operands[0].index);
    item->holes[HOLE_H_N] = site->nargs;
    item->quads[HOLE_Q_CELL] = (int64_t)(uintptr_t)site->cell;
    item->labels[LABEL_SLOW] = slow;
    if (kind == INSTANTIATION_BY_FUNCTION) {
        emitter_add(emitter, RAW_CALL_FUNCTION);
        item = emitter_add(emitter, TEMPLATE_FINISH_INSTANCE);
        item->holes[HOLE_H_D] = emitter_slot(emitter, site->operands[0].index);
        item->holes[HOLE_H_N] = site->nargs;
        site->result = emitter_new_label(emitter);
        emitter_add(emitter, TEMPLATE_CHECK_CALL)->labels[LABEL_SLOW] = site->result;
    }
    int back = label_here(emitter);
    emitter->in_cold = true;
    emitter_bind(emitter, slow);
    add_cold_call(emitter, site, back, 0, false);
    emitter->in_cold = false;
    stack_push_register(emitter);
    return true;
}
