/* tests/unit/llvm_modules.h: small LLVM modules made by hand, for the tests of what compiles them. Header only. */
#ifndef PYJIT_TESTS_LLVM_MODULES_H
#define PYJIT_TESTS_LLVM_MODULES_H

#include "tier2/orc.h"

#include <stdint.h>

/* What the functions below are built with. */
struct module_types {
    LLVMTypeRef i1, i32, i64, f64, pointer;
};

static inline struct module_types module_types(LLVMContextRef context)
{
    return (struct module_types){
        .i1 = llvm.Int1TypeInContext(context),
        .i32 = llvm.Int32TypeInContext(context),
        .i64 = llvm.Int64TypeInContext(context),
        .f64 = llvm.DoubleTypeInContext(context),
        .pointer = llvm.PointerTypeInContext(context, 0),
    };
}

/* double NAME(int64 n, double factor): 1.0 * factor * factor ..., n times. */
static inline void module_add_float_loop(struct orc_unit *unit, const char *name)
{
    LLVMContextRef context = unit->context;
    struct module_types t = module_types(context);
    LLVMTypeRef parameters[] = {t.i64, t.f64};
    LLVMValueRef function = llvm.AddFunction(unit->module, name, llvm.FunctionType(t.f64, parameters, 2, 0));
    LLVMBuilderRef b = llvm.CreateBuilderInContext(context);
    LLVMBasicBlockRef entry = llvm.AppendBasicBlockInContext(context, function, "entry");
    LLVMBasicBlockRef header = llvm.AppendBasicBlockInContext(context, function, "header");
    LLVMBasicBlockRef body = llvm.AppendBasicBlockInContext(context, function, "body");
    LLVMBasicBlockRef done = llvm.AppendBasicBlockInContext(context, function, "done");
    llvm.PositionBuilderAtEnd(b, entry);
    llvm.BuildBr(b, header);
    llvm.PositionBuilderAtEnd(b, header);
    LLVMValueRef i = llvm.BuildPhi(b, t.i64, "i"), x = llvm.BuildPhi(b, t.f64, "x");
    LLVMValueRef more = llvm.BuildICmp(b, LLVMIntSLT, i, llvm.GetParam(function, 0), "more");
    llvm.BuildCondBr(b, more, body, done);
    llvm.PositionBuilderAtEnd(b, body);
    LLVMValueRef next_x = llvm.BuildFMul(b, x, llvm.GetParam(function, 1), "next_x");
    LLVMValueRef next_i = llvm.BuildNSWAdd(b, i, llvm.ConstInt(t.i64, 1, 0), "next_i");
    llvm.BuildBr(b, header);
    LLVMBasicBlockRef from[] = {entry, body};
    llvm.AddIncoming(i, (LLVMValueRef[]){llvm.ConstInt(t.i64, 0, 0), next_i}, from, 2);
    llvm.AddIncoming(x, (LLVMValueRef[]){llvm.ConstReal(t.f64, 1.0), next_x}, from, 2);
    llvm.PositionBuilderAtEnd(b, done);
    llvm.BuildRet(b, x);
    llvm.DisposeBuilder(b);
}

/* The way into a function whose body one block is: its builder stands there. */
static inline LLVMBuilderRef module_open_function(struct orc_unit *unit, const char *name, LLVMTypeRef type,
                                                  LLVMValueRef *function)
{
    *function = llvm.AddFunction(unit->module, name, type);
    LLVMBuilderRef b = llvm.CreateBuilderInContext(unit->context);
    llvm.PositionBuilderAtEnd(b, llvm.AppendBasicBlockInContext(unit->context, *function, "entry"));
    return b;
}

/* RESULT NAME(double x): callee(x). */
static inline void module_add_caller(struct orc_unit *unit, const char *name, const char *callee,
                                     bool returns_pointer)
{
    struct module_types t = module_types(unit->context);
    LLVMTypeRef type = llvm.FunctionType(returns_pointer ? t.pointer : t.f64, &t.f64, 1, 0);
    LLVMValueRef function;
    LLVMBuilderRef b = module_open_function(unit, name, type, &function);
    LLVMValueRef argument = llvm.GetParam(function, 0);
    LLVMValueRef result =
        llvm.BuildCall2(b, type, llvm.AddFunction(unit->module, callee, type), &argument, 1, "result");
    llvm.BuildRet(b, result);
    llvm.DisposeBuilder(b);
}

/* int64 NAME(int64 *items): the sum of items[0..], each addition with a guard, as tier 2 adds ints; -1 where one overflows. `count`
 * instructions in all, or a few more. */
static inline void module_add_straight_line(struct orc_unit *unit, const char *name, int count)
{
    LLVMContextRef context = unit->context;
    struct module_types t = module_types(context);
    LLVMValueRef function;
    LLVMBuilderRef b = module_open_function(unit, name, llvm.FunctionType(t.i64, &t.pointer, 1, 0), &function);
    LLVMBasicBlockRef overflow = llvm.AppendBasicBlockInContext(context, function, "overflow");
    LLVMValueRef add = llvm_intrinsic(unit->module, "llvm.sadd.with.overflow", &t.i64, 1);
    LLVMValueRef sum = llvm.ConstInt(t.i64, 0, 0);
    enum { PER_STEP = 6 };
    for (int i = 0; i * PER_STEP < count; i++) {
        LLVMValueRef index = llvm.ConstInt(t.i64, (unsigned)i, 0);
        LLVMValueRef address = llvm.BuildInBoundsGEP2(b, t.i64, llvm.GetParam(function, 0), &index, 1, "");
        LLVMValueRef operands[] = {sum, llvm.BuildLoad2(b, t.i64, address, "")};
        LLVMValueRef both = llvm.BuildCall2(b, llvm.GlobalGetValueType(add), add, operands, 2, "");
        sum = llvm.BuildExtractValue(b, both, 0, "");
        LLVMBasicBlockRef next = llvm.AppendBasicBlockInContext(context, function, "next");
        llvm.BuildCondBr(b, llvm.BuildExtractValue(b, both, 1, ""), overflow, next);
        llvm.PositionBuilderAtEnd(b, next);
    }
    llvm.BuildRet(b, sum);
    llvm.PositionBuilderAtEnd(b, overflow);
    llvm.BuildRet(b, llvm.ConstInt(t.i64, (uint64_t)-1, 1));
    llvm.DisposeBuilder(b);
}

/* double NAME(int64 i): constants[i] of eight, through a table; -1.0 beyond. The switch becomes a jump table too. */
static inline void module_add_table_and_switch(struct orc_unit *unit, const char *name)
{
    LLVMContextRef context = unit->context;
    struct module_types t = module_types(context);
    LLVMValueRef function;
    LLVMBuilderRef b = module_open_function(unit, name, llvm.FunctionType(t.f64, &t.i64, 1, 0), &function);
    LLVMValueRef values[8];
    for (int i = 0; i < 8; i++) {
        values[i] = llvm.ConstReal(t.f64, i * 1.25 + 0.1);
    }
    LLVMTypeRef array = llvm.ArrayType(t.f64, 8);
    LLVMValueRef table = llvm.AddGlobal(unit->module, array, "table");
    llvm.SetInitializer(table, llvm.ConstArray(t.f64, values, 8));
    llvm.SetGlobalConstant(table, 1);
    llvm.SetLinkage(table, LLVMPrivateLinkage);
    LLVMBasicBlockRef other = llvm.AppendBasicBlockInContext(context, function, "other");
    LLVMValueRef selector = llvm.GetParam(function, 0);
    LLVMValueRef select = llvm.BuildSwitch(b, selector, other, 8);
    for (int i = 0; i < 8; i++) {
        LLVMBasicBlockRef block = llvm.AppendBasicBlockInContext(context, function, "case");
        llvm.AddCase(select, llvm.ConstInt(t.i64, (unsigned)i, 0), block);
        llvm.PositionBuilderAtEnd(b, block);
        /* Different work in each case, or the switch would become a table of results. */
        LLVMValueRef index[] = {llvm.ConstInt(t.i64, 0, 0),
                                llvm.BuildXor(b, selector, llvm.ConstInt(t.i64, 0, 0), "")};
        LLVMValueRef address = llvm.BuildInBoundsGEP2(b, array, table, index, 2, "");
        LLVMValueRef value = llvm.BuildLoad2(b, t.f64, address, "");
        llvm.SetVolatile(value, 1);
        for (int k = 0; k < i; k++) {
            LLVMValueRef again = llvm.BuildLoad2(b, t.f64, address, "");
            llvm.SetVolatile(again, 1);
        }
        llvm.BuildRet(b, value);
    }
    llvm.PositionBuilderAtEnd(b, other);
    llvm.BuildRet(b, llvm.ConstReal(t.f64, -1.0));
    llvm.DisposeBuilder(b);
}

#endif
