/* tier1/select_attributes.c: selects globals, attributes and methods. */
#include "tier1/select_calls.h"

#include "runtime/ops.h"

/* The displacement of the free variable __class__, or 0. */
static int64_t class_cell_place(const struct emitter *emitter)
{
    PyCodeObject *code = emitter->bytecode.code;
    for (int i = code->co_nlocalsplus - code->co_nfreevars; i < code->co_nlocalsplus; i++) {
        if (_PyUnicode_Equal(PyTuple_GET_ITEM(code->co_localsplusnames, i), &_Py_ID(__class__))) {
            return emitter_local(i);
        }
    }
    return 0;
}

/* Is the global about to be loaded the `super` of `super().name(...)`, in a method whose first parameter is no cell? */
static bool begins_super_method(const struct emitter *emitter)
{
    int number = emitter->current;
    const struct instruction *load = at(emitter, number);
    PyCodeObject *code = emitter->bytecode.code;
    if (!(load->oparg & 1) || number + 3 >= emitter->bytecode.count || code->co_argcount == 0 ||
        _PyLocals_GetKind(code->co_localspluskinds, 0) & CO_FAST_CELL ||
        !_PyUnicode_EqualToASCIIString(name_at(emitter, load->oparg >> 1), "super")) {
        return false;
    }
    static const uint8_t expected[] = {PRECALL, CALL, LOAD_METHOD};
    for (int i = 1; i <= 3; i++) {
        const struct instruction *next = at(emitter, number + i);
        if (next->opcode != expected[i - 1] || next->is_leader || (i < 3 && next->oparg != 0)) {
            return false;
        }
    }
    return class_cell_place(emitter) != 0 &&
           !_PyUnicode_Equal(name_at(emitter, at(emitter, number + 3)->oparg), &_Py_ID(__class__));
}

/* Behind the LOAD_GLOBAL: the attempt to do without a super object. Where it fails, CALL and LOAD_METHOD follow as usual. */
static void try_super_method(struct emitter *emitter)
{
    emitter->super_method = emitter->current + 3;
    emitter->super_label = emitter_new_label(emitter);
    emitter->super_cell = emitter_attribute_cell(emitter, emitter->super_method);
    struct item *item = emitter_add(emitter, TEMPLATE_SUPER_METHOD);
    item->holes[HOLE_H_A] = emitter_local(0);
    item->holes[HOLE_H_B] = class_cell_place(emitter);
    item->holes[HOLE_H_D] = emitter_slot(emitter, emitter->depth - 2);
    item->quads[HOLE_Q_NAME] = (int64_t)(uintptr_t)name_at(emitter, at(emitter, emitter->super_method)->oparg);
    item->quads[HOLE_Q_CELL] = (int64_t)(uintptr_t)emitter->super_cell;
    item->labels[LABEL_JUMP] = emitter->super_label;
}

void select_load_global(struct emitter *emitter)
{
    const struct instruction *instruction = at(emitter, emitter->current);
    bool before_super = begins_super_method(emitter);
    if (before_super) {
        stack_flush(emitter);
    }
    struct global_cell *cell = emitter_feedback(emitter, sizeof *cell);
    feedback_init_global(cell);
    if (instruction->oparg & 1) {
        stack_push_null(emitter);
    }
    stack_free_register(emitter);
    int place = instruction->specialised;
    if (place != LOAD_GLOBAL_BUILTIN && place != LOAD_GLOBAL_MODULE) {
        place = guess_global_place(emitter, name_at(emitter, instruction->oparg >> 1));
    }
    bool builtin = place == LOAD_GLOBAL_BUILTIN;
    bool known = place != LOAD_GLOBAL;
    int fast[2] = {builtin ? TEMPLATE_LOAD_GLOBAL_BUILTIN : TEMPLATE_LOAD_GLOBAL_MODULE,
                   TEMPLATE_LOAD_GLOBAL_BUILTIN};
    int back = emitter_new_label(emitter);
    for (int i = 0; i < (known ? 1 : 2); i++) {
        int slower = emitter_new_label(emitter);
        struct item *item = emitter_add(emitter, fast[i]);
        item->quads[HOLE_Q_CELL] = (int64_t)(uintptr_t)cell;
        item->labels[LABEL_SLOW] = slower;
        item->labels[LABEL_CONT] = back;
        if (i == 0) {
            emitter_bind(emitter, back);
            emitter->in_cold = true;
        }
        emitter_bind(emitter, slower);
    }
    protect_locals(emitter);
    struct item *item = emitter_add(emitter, TEMPLATE_SLOW_LOAD_GLOBAL);
    item->quads[HOLE_Q_NAME] = (int64_t)(uintptr_t)name_at(emitter, instruction->oparg >> 1);
    item->quads[HOLE_Q_CELL] = (int64_t)(uintptr_t)cell;
    item->labels[LABEL_ERROR] = stub_error(emitter, true);
    stack_push_register(emitter);
    end_checked(emitter, emitter->current + 1, item)->labels[LABEL_CONT] = back;
    emitter->in_cold = false;
    if (before_super) {
        try_super_method(emitter);
    }
}

/* Sets the holes of a C path: any receiver. */
static void set_name_and_cell(struct emitter *emitter, struct item *item, int name, struct attribute_cell *cell)
{
    item->quads[HOLE_Q_NAME] = (int64_t)(uintptr_t)name_at(emitter, name);
    item->quads[HOLE_Q_CELL] = (int64_t)(uintptr_t)cell;
}

/* The second attempt, in C, for any receiver as long as no other code has to run; what comes next is for the rest. */
static struct item *try_before_slow(struct emitter *emitter, int template, int name, struct attribute_cell *cell,
                                    int back)
{
    int slower = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, template);
    set_name_and_cell(emitter, item, name, cell);
    item->labels[LABEL_SLOW] = slower;
    item->labels[LABEL_CONT] = back;
    emitter_bind(emitter, slower);
    return item;
}

void select_load_attr(struct emitter *emitter)
{
    static four_family inline_family = PLACES(LOAD_ATTR_INLINE);
    static four_family slot_family = PLACES(LOAD_ATTR_SLOT);
    static four_family module_family = PLACES(LOAD_ATTR_MODULE);
    static four_family operand_family = PLACES(OPERAND_TO_X);
    const struct instruction *instruction = at(emitter, emitter->current);
    struct attribute_cell *cell = emitter_attribute_cell(emitter, emitter->current);
    struct operand owner = stack_pop(emitter);
    if (owner.place != PLACE_REGISTER) {
        stack_free_register(emitter);
    }
    bool in_dict = instruction->specialised == LOAD_ATTR_WITH_HINT;
    bool module =
        instruction->specialised == LOAD_ATTR_MODULE ||
        (instruction->specialised == LOAD_ATTR && guess_loaded_module(emitter, emitter->current - 1) != NULL);
    const uint16_t *family = module                                       ? module_family
                             : instruction->specialised == LOAD_ATTR_SLOT ? slot_family
                                                                          : inline_family;
    int back = emitter_new_label(emitter);
    int slow = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, (in_dict ? operand_family : family)[place_index(&owner)]);
    set_operand(emitter, item, &owner, false);
    item->quads[HOLE_Q_CELL] = (int64_t)(uintptr_t)cell;
    item->labels[LABEL_SLOW] = slow;
    int peek = is_owned(&owner) ? TEMPLATE_PEEK_ATTR_O : TEMPLATE_PEEK_ATTR_B;
    if (in_dict) {
        item = emitter_add(emitter, peek);
        set_name_and_cell(emitter, item, instruction->oparg, cell);
        item->labels[LABEL_SLOW] = slow;
    }
    emitter_bind(emitter, back);
    emitter->in_cold = true;
    emitter_bind(emitter, slow);
    if (!in_dict) {
        try_before_slow(emitter, peek, instruction->oparg, cell, back);
    }
    protect_locals(emitter);
    item = emitter_add(emitter, is_owned(&owner) ? TEMPLATE_SLOW_LOAD_ATTR_O : TEMPLATE_SLOW_LOAD_ATTR_B);
    set_name_and_cell(emitter, item, instruction->oparg, cell);
    item->labels[LABEL_ERROR] = stub_error(emitter, true);
    stack_push_register(emitter);
    end_checked(emitter, emitter->current + 1, item)->labels[LABEL_CONT] = back;
    emitter->in_cold = false;
}

/* Does the function make what its first parameter is? */
static bool is_constructor(const struct emitter *emitter)
{
    const PyCodeObject *code = emitter->bytecode.code;
    return code->co_argcount > 0 && _PyUnicode_EqualToASCIIString(code->co_name, "__init__");
}

/* By how value and owner stand; 0 where there is no template. */
static const uint16_t store_inline[PAIR_COUNT] = {
    [PAIR_LL] = TEMPLATE_STORE_ATTR_INLINE_LL, [PAIR_CL] = TEMPLATE_STORE_ATTR_INLINE_CL,
    [PAIR_SL] = TEMPLATE_STORE_ATTR_INLINE_SL, [PAIR_RL] = TEMPLATE_STORE_ATTR_INLINE_RL,
    [PAIR_LR] = TEMPLATE_STORE_ATTR_INLINE_LR, [PAIR_CR] = TEMPLATE_STORE_ATTR_INLINE_CR,
    [PAIR_SR] = TEMPLATE_STORE_ATTR_INLINE_SR};
static const uint16_t store_slot[PAIR_COUNT] = {
    [PAIR_LL] = TEMPLATE_STORE_ATTR_SLOT_LL, [PAIR_CL] = TEMPLATE_STORE_ATTR_SLOT_CL,
    [PAIR_SL] = TEMPLATE_STORE_ATTR_SLOT_SL, [PAIR_RL] = TEMPLATE_STORE_ATTR_SLOT_RL,
    [PAIR_LR] = TEMPLATE_STORE_ATTR_SLOT_LR, [PAIR_CR] = TEMPLATE_STORE_ATTR_SLOT_CR,
    [PAIR_SR] = TEMPLATE_STORE_ATTR_SLOT_SR};
static const uint16_t store_add[PAIR_COUNT] = {[PAIR_LL] = TEMPLATE_STORE_ATTR_ADD_LL,
                                               [PAIR_CL] = TEMPLATE_STORE_ATTR_ADD_CL,
                                               [PAIR_SL] = TEMPLATE_STORE_ATTR_ADD_SL,
                                               [PAIR_RL] = TEMPLATE_STORE_ATTR_ADD_RL};

void select_store_attr(struct emitter *emitter)
{
    static four_family slow_family = OWNERSHIPS(SLOW_STORE_ATTR);
    static four_family poke_family = OWNERSHIPS(POKE_ATTR);
    const struct instruction *instruction = at(emitter, emitter->current);
    struct attribute_cell *cell = emitter_attribute_cell(emitter, emitter->current);
    struct operand value, owner;
    enum pair pair = pop_pair(emitter, &value, &owner);
    if (value.place != PLACE_REGISTER && owner.place != PLACE_REGISTER) {
        stack_free_register(emitter);
    }
    int next = emitter->current + 1;
    bool makes = owner.place == PLACE_LOCAL && owner.local == 0 && is_constructor(emitter);
    const uint16_t *family = instruction->specialised == STORE_ATTR_SLOT ? store_slot
                             : makes                                     ? store_add
                                                                         : store_inline;
    bool in_dict = instruction->specialised == STORE_ATTR_WITH_HINT || family[pair] == 0;
    int poke = poke_family[ownership(&value, &owner)];
    int back = emitter_new_label(emitter);
    int slow = emitter_new_label(emitter);
    int freeing = free_path(emitter, back, next);
    struct item *item = add_pair(emitter, in_dict ? load_pair : family, pair, &value, &owner);
    if (in_dict) {
        item = emitter_add(emitter, poke);
        set_name_and_cell(emitter, item, instruction->oparg, cell);
    }
    item->quads[HOLE_Q_CELL] = (int64_t)(uintptr_t)cell;
    item->labels[LABEL_SLOW] = slow;
    item->labels[LABEL_FREE] = freeing;
    emitter_bind(emitter, back);
    emitter->in_cold = true;
    emitter_bind(emitter, slow);
    if (!in_dict) {
        try_before_slow(emitter, poke, instruction->oparg, cell, back)->labels[LABEL_FREE] = freeing;
    }
    protect_locals(emitter);
    item = emitter_add(emitter, slow_family[ownership(&value, &owner)]);
    set_name_and_cell(emitter, item, instruction->oparg, cell);
    item->labels[LABEL_ERROR] = stub_error(emitter, true);
    end_escape(emitter, next)->labels[LABEL_CONT] = back;
    emitter->in_cold = false;
}

void select_load_method(struct emitter *emitter)
{
    static four_family method_family = PLACES(LOAD_METHOD);
    static four_family module_family = PLACES(LOAD_METHOD_MODULE);
    const struct instruction *instruction = at(emitter, emitter->current);
    bool module =
        instruction->specialised == LOAD_METHOD_MODULE ||
        (instruction->specialised == LOAD_METHOD && guess_loaded_module(emitter, emitter->current - 1) != NULL);
    const uint16_t *family = module ? module_family : method_family;
    bool behind_super = emitter->super_method != 0 && emitter->super_method == emitter->current;
    struct attribute_cell *cell =
        behind_super ? emitter->super_cell : emitter_attribute_cell(emitter, emitter->current);
    struct operand owner = stack_pop(emitter);
    int64_t destination = emitter_slot(emitter, owner.index);
    int slow = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, family[place_index(&owner)]);
    set_operand(emitter, item, &owner, false);
    item->holes[HOLE_H_D] = destination;
    item->quads[HOLE_Q_CELL] = (int64_t)(uintptr_t)cell;
    item->labels[LABEL_SLOW] = slow;
    int back = label_here(emitter);
    if (behind_super) {
        emitter_bind(emitter, emitter->super_label);
    }
    emitter->in_cold = true;
    emitter_bind(emitter, slow);
    try_before_slow(emitter, is_owned(&owner) ? TEMPLATE_PEEK_METHOD_O : TEMPLATE_PEEK_METHOD_B, instruction->oparg,
                    cell, back)
        ->holes[HOLE_H_D] = destination;
    protect_locals(emitter);
    item = emitter_add(emitter, is_owned(&owner) ? TEMPLATE_SLOW_LOAD_METHOD_O : TEMPLATE_SLOW_LOAD_METHOD_B);
    item->holes[HOLE_H_D] = destination;
    set_name_and_cell(emitter, item, instruction->oparg, cell);
    item->labels[LABEL_ERROR] = stub_error(emitter, true);
    stack_push_slot(emitter);
    stack_push_slot(emitter);
    end_checked(emitter, emitter->current + 1, item)->labels[LABEL_CONT] = back;
    emitter->in_cold = false;
}
