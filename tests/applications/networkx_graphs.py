"""NetworkX: graph algorithms in plain Python over dictionaries of dictionaries, many of them generators."""
# test: needs=networkx timeout=180
import networkx as nx
from networkx.algorithms import community

random_graph = nx.gnm_random_graph(150, 450, seed=7)
for u, v, data in random_graph.edges(data=True):
    data["weight"] = (u * 31 + v * 17) % 23 + 1
digraph = nx.gnp_random_graph(60, 0.08, seed=3, directed=True)
for u, v, data in digraph.edges(data=True):
    data["capacity"] = (u * 7 + v * 3) % 11 + 1
grid = nx.grid_2d_graph(12, 12)

print(nx.dijkstra_path(random_graph, 0, 100), nx.dijkstra_path_length(random_graph, 3, 77))
print(nx.astar_path_length(grid, (0, 0), (11, 11), heuristic=lambda a, b: abs(a[0] - b[0]) + abs(a[1] - b[1])))
print(sum(len(paths) for _, paths in nx.all_pairs_shortest_path_length(grid)))
print(nx.minimum_spanning_tree(random_graph).size(weight="weight"), sorted(len(c) for c in nx.connected_components(random_graph)))
print({k: round(v, 9) for k, v in sorted(nx.betweenness_centrality(random_graph).items())[:5]})
print({k: round(v, 9) for k, v in sorted(nx.pagerank(digraph).items(), key=lambda item: (-item[1], item[0]))[:5]})
print(nx.maximum_flow_value(digraph, 0, 30), nx.minimum_cut(digraph, 0, 30)[0])
print(sorted(len(c) for c in nx.strongly_connected_components(digraph)), nx.is_directed_acyclic_graph(digraph))
print(len(list(nx.find_cliques(random_graph))), nx.number_of_nodes(nx.k_core(random_graph, 4)), max(nx.greedy_color(random_graph).values()))
print([len(c) for c in community.greedy_modularity_communities(nx.karate_club_graph())], nx.transitivity(random_graph))
print(len(nx.max_weight_matching(random_graph)), list(nx.topological_sort(nx.DiGraph((i, j) for i in range(9) for j in range(i + 1, 9) if (i + j) % 3))))
print(list(nx.dfs_postorder_nodes(grid, (5, 5)))[:6], list(nx.bfs_tree(grid, (5, 5)).nodes)[:6], nx.diameter(grid))
print(nx.is_isomorphic(grid, nx.relabel_nodes(grid, lambda p: (p[1], 11 - p[0]))), nx.check_planarity(grid)[0], nx.check_planarity(random_graph)[0])
print(nx.to_dict_of_lists(nx.line_graph(nx.cycle_graph(4))), list(nx.generate_graphml(nx.path_graph(2)))[-3:])
try:
    nx.shortest_path(digraph, 0, "nowhere")
except nx.NodeNotFound as error:
    print(error)
print([list(c) for c in nx.simple_cycles(nx.DiGraph([(0, 1), (1, 2), (2, 0), (2, 3), (3, 1), (3, 3)]))])
