"""A small ray tracer: spheres and a chequered floor, shadows, reflections; vectors are objects."""

import math

SCALE = 6

SIZE = 40


class Vector:
    __slots__ = ("x", "y", "z")

    def __init__(self, x, y, z):
        self.x = x
        self.y = y
        self.z = z

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y, self.z + other.z)

    def __sub__(self, other):
        return Vector(self.x - other.x, self.y - other.y, self.z - other.z)

    def scale(self, factor):
        return Vector(self.x * factor, self.y * factor, self.z * factor)

    def dot(self, other):
        return self.x * other.x + self.y * other.y + self.z * other.z

    def normalized(self):
        return self.scale(1.0 / math.sqrt(self.dot(self)))

    def reflected(self, normal):
        return self - normal.scale(2.0 * self.dot(normal))


class Ray:
    def __init__(self, origin, direction):
        self.origin = origin
        self.direction = direction.normalized()

    def at(self, distance):
        return self.origin + self.direction.scale(distance)


class Material:
    def __init__(self, colour, mirror=0.2, diffuse=0.7, ambient=0.1):
        self.colour = colour
        self.mirror = mirror
        self.diffuse = diffuse
        self.ambient = ambient

    def colour_at(self, point):
        return self.colour


class Chequered(Material):
    def __init__(self, colour, other):
        super().__init__(colour, mirror=0.1)
        self.other = other

    def colour_at(self, point):
        if (int(abs(point.x) + 0.5) + int(abs(point.z) + 0.5)) % 2:
            return self.other
        return self.colour


class Sphere:
    def __init__(self, centre, radius, material):
        self.centre = centre
        self.radius = radius
        self.material = material

    def distance(self, ray):
        offset = self.centre - ray.origin
        along = offset.dot(ray.direction)
        squared = self.radius * self.radius - (offset.dot(offset) - along * along)
        if squared < 0.0:
            return None
        return along - math.sqrt(squared)

    def normal_at(self, point):
        return (point - self.centre).normalized()


class Floor:
    def __init__(self, height, material):
        self.height = height
        self.material = material
        self.normal = Vector(0.0, 1.0, 0.0)

    def distance(self, ray):
        slope = ray.direction.y
        if -0.0001 < slope < 0.0001:
            return None
        return (self.height - ray.origin.y) / slope

    def normal_at(self, point):
        return self.normal


class Scene:
    def __init__(self):
        self.things = []
        self.lights = []
        self.eye = Vector(0.0, 1.5, 9.0)

    def nearest(self, ray):
        best = None
        best_distance = 1e9
        for thing in self.things:
            distance = thing.distance(ray)
            if distance is not None and 0.0001 < distance < best_distance:
                best = thing
                best_distance = distance
        return best, best_distance

    def lit(self, light, point):
        ray = Ray(point, light - point)
        for thing in self.things:
            distance = thing.distance(ray)
            if distance is not None and distance > 0.0001:
                return False
        return True

    def colour_of(self, ray, depth=0):
        if depth > 2:
            return 0.0, 0.0, 0.0
        thing, distance = self.nearest(ray)
        if thing is None:
            return 0.1, 0.2, 0.3
        point = ray.at(distance)
        normal = thing.normal_at(point)
        material = thing.material
        mirrored = self.colour_of(Ray(point, ray.direction.reflected(normal)), depth + 1)
        strength = 0.0
        for light in self.lights:
            if self.lit(light, point):
                part = (light - point).normalized().dot(normal)
                if part > 0.0:
                    strength += part
        strength = material.ambient + material.diffuse * min(strength, 1.0)
        return tuple(
            min(1.0, strength * own + material.mirror * other)
            for own, other in zip(material.colour_at(point), mirrored)
        )

    def render(self, width, height):
        checksum = 0
        for row in range(height):
            for column in range(width):
                target = Vector((column - width / 2) / width * 8.0, (height / 2 - row) / height * 6.0 + 1.5, 0.0)
                red, green, blue = self.colour_of(Ray(self.eye, target - self.eye))
                checksum = (checksum * 33 + int(red * 255) + int(green * 255) * 3 + int(blue * 255) * 7) % 1000000007
        return checksum


def make_scene():
    scene = Scene()
    scene.lights.append(Vector(20.0, 30.0, 10.0))
    scene.lights.append(Vector(-10.0, 15.0, 30.0))
    scene.things.append(Sphere(Vector(1.0, 2.0, -4.0), 1.8, Material((1.0, 0.9, 0.2))))
    for i in range(5):
        scene.things.append(Sphere(Vector(i * 1.6 - 3.2, 0.6 + i * 0.3, i * -0.8), 0.6, Material((0.2 * i, 0.4, 0.9))))
    scene.things.append(Floor(-0.4, Chequered((0.9, 0.9, 0.9), (0.1, 0.1, 0.1))))
    return scene


def run(scale):
    scene = make_scene()
    frames = []
    for frame in range(scale):
        scene.eye = Vector(0.2 * frame, 1.5, 9.0)
        frames.append(scene.render(SIZE, SIZE))
    return frames
